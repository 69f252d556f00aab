"""What a test may do behind Stripe's back, or in the place of Stripe's customers, banks and dashboard."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.clock import now
from sandbox.control import MissingError, RefusedError, routes
from sandbox.money import CURRENCIES
from sandbox.store import Json, public
from sandbox.stripe import balance, charges, disputes, paying, payouts, refunds, sessions
from sandbox.stripe.errors import NotPossibleError
from sandbox.stripe.paying import NoSessionError
from sandbox.world import World

METHODS = ("card", "declined", "three_d_secure", "three_d_secure_failed", "bank_transfer")


class StripeControl:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return routes(
            ("POST", "/sessions/{session}/pay", self.pay),
            ("POST", "/sessions/{session}/settle", self.settle),
            ("POST", "/sessions/{session}/expires_at", self.expires_at),
            ("POST", "/sessions/{session}/copy", self.copy),
            ("POST", "/charges/{charge}/balance", self.book_charge),
            ("POST", "/charges/{charge}/refund", self.refund),
            ("POST", "/refunds/{refund}/settle", self.settle_refund),
            ("POST", "/charges/{charge}/dispute", self.dispute),
            ("POST", "/disputes/{dispute}/move", self.move_dispute),
            ("POST", "/disputes/{dispute}/reinstate", self.reinstate_dispute),
            ("POST", "/payouts", self.pay_out),
            ("POST", "/payouts/{payout}/settle", self.settle_payout),
            ("POST", "/balance", self.book),
        )

    async def pay(self, request: Request, body: Json) -> Json:
        """{method, email?}: what a customer does on the pay page, whatever methods the session shows there."""
        session, email = request.path_params["session"], body.get("email", "customer@example.com")
        match body.get("method"):
            case "card":
                paying.pay(self._world, session, email)
            case "declined":
                paying.decline(self._world, session, email)
            case "three_d_secure":
                paying.challenge(self._world, session, email)
                paying.pay(self._world, session, email, secure=True)
            case "three_d_secure_failed":
                paying.challenge(self._world, session, email)
                paying.fail_challenge(self._world, session, email)
            case "bank_transfer":
                paying.promise(self._world, session, email)
            case other:
                raise RefusedError(f"method must be one of {', '.join(METHODS)}, not {other!r}")
        return self._session(request)

    async def settle(self, request: Request, body: Json) -> Json:
        """{success}: the bank transfer arrives, or it never will."""
        paying.settle(self._world, request.path_params["session"], success=_success(body))
        return self._session(request)

    async def expires_at(self, request: Request, body: Json) -> Json:
        """{in_seconds}: an open session ends then, by itself; the API allows no less than 30 minutes."""
        sessions.move_end(self._world, self._open_session(request), now() + _whole(body, "in_seconds"))
        return self._session(request)

    async def copy(self, request: Request, body: Json) -> list[str]:
        """{payments: [{payment_id, client_reference_id?}, …]}: an open copy of an open session for each; their ids."""
        payments = body.get("payments")
        if not isinstance(payments, list) or not all(_is_payment(one) for one in payments):
            raise RefusedError("payments must be a list of {payment_id, client_reference_id?}, all of them texts")
        return sessions.copy(self._world, self._open_session(request), payments)

    async def book_charge(self, request: Request, _body: Json) -> Json:
        """Make the balance transaction of a charge, and its `charge.updated`, now."""
        with self._world.store.transaction():
            charge = charges.book(self._world, request.path_params["charge"])
        if charge is None:
            raise MissingError(f"there is no succeeded charge {request.path_params['charge']}")
        return charge

    async def refund(self, request: Request, body: Json) -> Json:
        """{amount?}: a refund made by hand in the dashboard, without metadata; of all that is left, unless told."""
        charge = self._find("charge", request)
        with self._world.store.transaction():
            return refunds.make(self._world, charge, amount=_positive(body, "amount"))

    async def settle_refund(self, request: Request, body: Json) -> Json:
        """{success}: a pending refund succeeds or fails; one that had succeeded comes back from the bank."""
        refund = self._find("refund", request)
        refunds.settle(self._world, refund, success=_success(body))
        return refund

    async def dispute(self, request: Request, body: Json) -> Json:
        """{amount?, reason?, inquiry?}: the customer disputes what was not refunded, unless told how much."""
        reason, inquiry = body.get("reason", "fraudulent"), body.get("inquiry", False)
        if reason not in disputes.REASONS:
            raise RefusedError(f"reason must be one of {', '.join(disputes.REASONS)}")
        if not isinstance(inquiry, bool):
            raise RefusedError("inquiry must be true or false")
        charge, amount = self._find("charge", request), _positive(body, "amount")
        return disputes.open_one(self._world, charge, amount=amount, reason=reason, inquiry=inquiry)

    async def move_dispute(self, request: Request, body: Json) -> Json:
        """{status}: what the bank decides, or time brings; see `MOVES` in disputes.py."""
        if body.get("status") not in disputes.MOVES:
            raise RefusedError(f"status must be one of {', '.join(disputes.MOVES)}")
        dispute = self._find("dispute", request)
        disputes.move(self._world, dispute, body["status"])
        return dispute

    async def reinstate_dispute(self, request: Request, _body: Json) -> Json:
        """The money of a lost dispute comes back all the same."""
        dispute = self._find("dispute", request)
        disputes.reinstate(self._world, dispute)
        return dispute

    async def pay_out(self, _request: Request, body: Json) -> Json:
        """{currency}: pay out everything in that currency that is in no payout yet."""
        return payouts.make(self._world, _currency(body))

    async def settle_payout(self, request: Request, body: Json) -> Json:
        """{success}: it arrives and is reconciled, or comes back, be it after it had arrived."""
        payout = self._find("payout", request)
        payouts.settle(self._world, payout, success=_success(body))
        return payout

    async def book(self, _request: Request, body: Json) -> Json:
        """{type, amount, currency, fee?, description?, source?, reporting_category?}: any balance transaction at all.

        The amount is signed; the fee is kept from it.
        """
        texts = {name: body.get(name) for name in ("type", "description", "source", "reporting_category")}
        for name, value in texts.items():
            if not (isinstance(value, str) or (value is None and name != "type")):
                raise RefusedError(f"{name} must be a text")
        booked = balance.book(
            self._world,
            str(texts["type"]),
            balance.Movement(_whole(body, "amount"), _currency(body)),
            source=texts["source"],
            description=texts["description"],
            fee=_whole({"fee": 0} | body, "fee"),
            category=texts["reporting_category"],
        )
        return public(booked)

    def _find(self, kind: str, request: Request) -> Json:
        """The object that the path names."""
        found = self._world.store.get(kind, request.path_params[kind])
        if found is None:
            raise MissingError(f"there is no {kind} {request.path_params[kind]}")
        return found

    def _open_session(self, request: Request) -> Json:
        session = sessions.find(self._world, request.path_params["session"])
        if session is None:
            raise NoSessionError(f"There is no session {request.path_params['session']}.")
        if session["status"] != "open":
            raise NotPossibleError(f"The session is {session['status']}.")
        return session

    def _session(self, request: Request) -> Json:
        session = sessions.find(self._world, request.path_params["session"])
        assert session is not None, "it was just used"
        return public(session)


def _is_payment(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and "payment_id" in value
        and value.keys() <= {"payment_id", "client_reference_id"}
        and all(isinstance(one, str) for one in value.values())
    )


def _success(body: Json) -> bool:
    success = body.get("success")
    if not isinstance(success, bool):
        raise RefusedError("success must be true or false")
    return success


def _whole(body: Json, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(f"{name} must be a whole number")
    return value


def _positive(body: Json, name: str) -> int | None:
    """None if it is left out."""
    if body.get(name) is None:
        return None
    value = _whole(body, name)
    if value < 1:
        raise RefusedError(f"{name} must be above zero")
    return value


def _currency(body: Json) -> str:
    currency: Any = body.get("currency")
    if currency not in CURRENCIES:
        raise RefusedError("currency must be one of Stripe's, in lower case")
    return str(currency)
