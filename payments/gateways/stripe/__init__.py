"""Stripe: Checkout Sessions, refunds, disputes, the balance and payouts, through the official SDK."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from payments.errors import GatewayError, OutcomeUnknown
from payments.gateways.base import (
    BalanceLine,
    Declined,
    Fact,
    Failed,
    IncomingEvent,
    Paid,
    PayoutTold,
    RefundTold,
    Report,
    Session,
    SessionEnded,
    unreadable,
)
from payments.gateways.calls import Change, Operation
from payments.gateways.stripe import checkout, events
from payments.gateways.stripe.client import NAME, change, client, fetch, pages, understood
from payments.gateways.stripe.reading import (
    balance_line,
    charge_facts,
    dispute_fact,
    from_stripe,
    intent_facts,
    last_error,
    our_id,
    payout_fact,
    refund_fact,
    session_facts,
    settled,
    to_stripe,
)
from payments.models import GatewayEvent, Payment, RefundAttempt

log = structlog.get_logger(__name__)

_SESSION = ["payment_intent.latest_charge.balance_transaction"]
_INTENT = ["latest_charge.balance_transaction"]
_REFUND = ["balance_transaction", "failure_balance_transaction", "charge"]
_REFUNDS = ["data.balance_transaction", "data.failure_balance_transaction"]

Json = dict[str, Any]


class StripeGateway:
    """Payments through Stripe's hosted page."""

    name = NAME

    def __init__(self) -> None:
        self._api = client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1

    # ---------------------------------------------------------------------------------------------------- sessions
    def parameters(self, payment: Payment) -> Json:
        return checkout.parameters(payment)

    def start(self, payment: Payment) -> Session:
        key = f"berth-payment-{payment.id}"
        call = Change(NAME, Operation.START, payment, payment.parameters, key)
        session = change(call, lambda: self._api.checkout.sessions.create(payment.parameters, {"idempotency_key": key}))
        with understood():
            return Session(session_id=session["id"], checkout_url=session["url"])

    def report(self, payment: Payment) -> tuple[Fact, ...]:
        told: tuple[Fact, ...] = ()
        intent: Json = {}
        if payment.session_id:
            session = self._session(payment.session_id)
            with understood():
                facts = session_facts(session)
                intent = session.get("payment_intent") or {}
            told = self._and_since(payment, facts, intent)
        if payment.intent_id and payment.intent_id != intent.get("id"):
            # It has no page of its own, as somebody paid twice; or was paid on another page than the last one.
            own = self._intent(payment.intent_id)
            with understood():
                facts = intent_facts(own)
            told = (*self._and_since(payment, facts, own), *told)
        return told

    def _and_since(self, payment: Payment, facts: tuple[Fact, ...], intent: Json) -> tuple[Fact, ...]:
        """The facts, and if they tell of money, what became of it."""
        with understood():
            charge = intent.get("latest_charge") or {}
            refunded = charge.get("amount_refunded") or payment.refunds.all()
            disputed = charge.get("disputed")
        if not any(isinstance(fact, Paid) for fact in facts):
            return facts
        refunds = self._refunds(intent["id"]) if refunded else ()
        disputes = self._disputes(charge["id"]) if disputed else ()
        return (*facts, *refunds, *disputes)

    def end(self, payment: Payment) -> tuple[Fact, ...]:
        session_id = payment.session_id
        if not session_id:
            return (SessionEnded(),)  # its address never left us, so nobody can pay
        try:
            call = Change(NAME, Operation.END, payment, {"session": session_id})
            session = change(call, lambda: self._api.checkout.sessions.expire(session_id))
        except GatewayError:
            # Only an open session can be ended. This one is not: what became of it decides.
            return self.report(payment)
        with understood():
            return session_facts(session)

    def _session(self, session_id: str) -> Json:
        return fetch(lambda: self._api.checkout.sessions.retrieve(session_id, {"expand": _SESSION}))

    def _intent(self, intent_id: str) -> Json:
        return fetch(lambda: self._api.payment_intents.retrieve(intent_id, {"expand": _INTENT}))

    # ----------------------------------------------------------------------------------------------------- refunds
    def refund(self, attempt: RefundAttempt) -> RefundTold:
        refund = attempt.refund
        request = {
            "payment_intent": refund.payment.intent_id,
            "amount": to_stripe(refund.money),
            "metadata": {
                "payment_id": str(refund.payment_id),
                "refund": str(refund.pk),
                "attempt": str(attempt.number),
                "mark": attempt.mark,
            },
            "expand": _REFUND,
        }
        call = Change(NAME, Operation.REFUND, refund.payment, request, attempt.mark, refund)
        answer = change(call, lambda: self._api.refunds.create(request, {"idempotency_key": attempt.mark}))  # type: ignore[arg-type]
        with understood(OutcomeUnknown):  # it was accepted
            return refund_fact(answer)

    def find_refund(self, attempt: RefundAttempt) -> RefundTold | None:
        told = self._refunds(attempt.refund.payment.intent_id or "")
        return next((one for one in told if one.names(attempt)), None)

    def refund_now(self, attempt: RefundAttempt) -> RefundTold:
        refund = self._refund(attempt.gateway_refund_id or "")
        with understood():
            return refund_fact(refund)

    def _refund(self, refund_id: str) -> Json:
        return fetch(lambda: self._api.refunds.retrieve(refund_id, {"expand": _REFUND}))

    def _refunds(self, intent_id: str) -> tuple[RefundTold, ...]:
        found = pages(self._api.refunds.list, {"payment_intent": intent_id, "expand": _REFUNDS})
        with understood():
            return tuple(refund_fact(refund) for refund in found)

    def _disputes(self, charge_id: str) -> tuple[Fact, ...]:
        found = pages(self._api.disputes.list, {"charge": charge_id})
        with understood():
            return tuple(dispute_fact(dispute) for dispute in found)

    # ------------------------------------------------------------------------------------------------------ events
    def read_event(self, body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
        return events.read_event(body, headers)

    def report_of(self, event: GatewayEvent) -> Report | PayoutTold | None:
        if event.api_version != settings.STRIPE_API_VERSION:
            log.warning("api_version_differs", event_id=event.event_id, api_version=event.api_version)
        told = json.loads(event.body)
        if not events.is_ours(told):
            log.warning("event_not_ours", event_id=event.event_id, account=told.get("account"), type=event.type)
            return None
        reader = READERS.get(event.type)
        return reader(self, told["data"]["object"]) if reader else None

    # The account may serve other products too: what has no intent or no charge is none of our payments.
    def _of_session(self, session: Json) -> Report | None:
        if not session.get("payment_intent"):
            return None
        # A paid session names its intent, not its charge: the whole of it is looked up.
        return _about_session(session, session_facts(self._session(session["id"])))

    def _of_failed_session(self, session: Json) -> Report:
        return _about_session(session, (Failed(last_error(self._session(session["id"]).get("payment_intent"))),))

    def _of_expired_session(self, session: Json) -> Report:
        return _about_session(session, (SessionEnded(),))

    def _of_succeeded_intent(self, intent: Json) -> Report | None:
        if not intent.get("latest_charge"):
            return None
        return Report(intent_facts(intent), our_id(intent), intent_id=intent["id"])

    def _of_failed_intent(self, intent: Json) -> Report:
        return Report((Declined(last_error(intent)),), our_id(intent), intent_id=intent["id"])

    def _of_updated_charge(self, charge: Json) -> Report | None:
        line_id = charge.get("balance_transaction")
        if not line_id or not charge.get("payment_intent") or charge["status"] != "succeeded":
            return None
        line = fetch(lambda: self._api.balance_transactions.retrieve(line_id))
        received = from_stripe(charge["amount_captured"], charge["currency"])
        return _about_charge(charge, settled(line, received))

    def _of_refunded_charge(self, charge: Json) -> Report | None:
        if not charge.get("payment_intent"):
            return None
        return _about_charge(charge, self._refunds(charge["payment_intent"]))

    def _of_refund(self, refund: Json) -> Report | None:
        # Looked up anew: its movements on the balance are told by id only, and a later state does no harm.
        return self._about_refund(self._refund(refund["id"]))

    def _about_refund(self, refund: Json) -> Report | None:
        return _about_charge(refund["charge"], (refund_fact(refund),)) if refund.get("charge") else None

    def _of_dispute(self, dispute: Json) -> Report:
        return self._about_dispute(self._dispute(dispute["id"]))

    def _dispute(self, dispute_id: str) -> Json:
        return fetch(lambda: self._api.disputes.retrieve(dispute_id, {"expand": ["charge"]}))

    def _about_dispute(self, dispute: Json) -> Report:
        return _about_charge(dispute["charge"], (dispute_fact(dispute),))

    def _of_payout(self, payout: Json) -> PayoutTold:
        return payout_fact(fetch(lambda: self._api.payouts.retrieve(payout["id"])))

    # ----------------------------------------------------------------------------------------------- reconciliation
    def look_up(self, source_id: str) -> Report | None:
        with understood():
            match source_id.partition("_")[0]:
                case "ch" | "py":
                    return self._of_charge(source_id)
                case "re" | "pyr":
                    return self._about_refund(self._refund(source_id))
                case "dp" | "du":
                    return self._about_dispute(self._dispute(source_id))
        return None

    def _of_charge(self, charge_id: str) -> Report | None:
        charge = fetch(lambda: self._api.charges.retrieve(charge_id, {"expand": ["balance_transaction"]}))
        return _about_charge(charge, ()) if charge_facts(charge) else None

    def charges(self, since: datetime) -> Iterator[Report]:
        wanted = {"created": {"gte": int(since.timestamp())}, "expand": ["data.balance_transaction"]}
        for charge in pages(self._api.charges.list, wanted):
            try:
                with understood():
                    report = _about_charge(charge, ())
            except GatewayError:
                log.warning("charge_not_understood", exc_info=True)
                yield unreadable(charge)
                continue
            if report.facts:
                yield report

    def lines(self, since: datetime) -> Iterator[BalanceLine]:
        yield from self._lines({"created": {"gte": int(since.timestamp())}})

    def lines_of(self, payout_id: str) -> Iterator[BalanceLine]:
        for line in self._lines({"payout": payout_id}):
            if line.source_id != payout_id:
                yield line

    def _lines(self, wanted: Json) -> Iterator[BalanceLine]:
        for transaction in pages(self._api.balance_transactions.list, wanted):
            with understood():
                line = balance_line(transaction)
            yield line

    def payouts(self, since: datetime) -> Iterator[PayoutTold]:
        wanted = {"created": {"gte": int(since.timestamp())}}
        for payout in pages(self._api.payouts.list, wanted):
            with understood():
                told = payout_fact(payout)
            yield told

    def balance(self) -> dict[str, int]:
        answer = fetch(self._api.balance.retrieve)
        held: dict[str, int] = {}
        with understood():
            for part in (*answer["available"], *answer["pending"]):
                money = from_stripe(part["amount"], part["currency"])
                held[money.currency] = held.get(money.currency, 0) + money.amount
        return held


def _about_session(session: Json, facts: tuple[Fact, ...]) -> Report:
    return Report(facts, our_id(session), session_id=session["id"], intent_id=session.get("payment_intent") or "")


def _about_charge(charge: Json, facts: tuple[Fact, ...]) -> Report:
    """That it was paid goes before whatever came of it after: events come in any order."""
    facts = (*charge_facts(charge), *facts)
    return Report(facts, our_id(charge), intent_id=charge.get("payment_intent") or "", charge_id=charge["id"])


# Beside these, every event is stored and nothing is done. Events about one refund or dispute differ in their names
# only: each makes us look at it anew.
READERS: dict[str, Callable[[StripeGateway, Json], Report | PayoutTold | None]] = {
    "checkout.session.completed": StripeGateway._of_session,  # noqa: SLF001
    "checkout.session.async_payment_succeeded": StripeGateway._of_session,  # noqa: SLF001
    "checkout.session.async_payment_failed": StripeGateway._of_failed_session,  # noqa: SLF001
    "checkout.session.expired": StripeGateway._of_expired_session,  # noqa: SLF001
    "payment_intent.succeeded": StripeGateway._of_succeeded_intent,  # noqa: SLF001
    "payment_intent.payment_failed": StripeGateway._of_failed_intent,  # noqa: SLF001
    "charge.updated": StripeGateway._of_updated_charge,  # noqa: SLF001
    "charge.refunded": StripeGateway._of_refunded_charge,  # noqa: SLF001
    **dict.fromkeys(
        ("refund.created", "refund.updated", "refund.failed"),
        StripeGateway._of_refund,  # noqa: SLF001
    ),
    **dict.fromkeys(
        (
            "charge.dispute.created",
            "charge.dispute.updated",
            "charge.dispute.closed",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
        ),
        StripeGateway._of_dispute,  # noqa: SLF001
    ),
    **dict.fromkeys(
        ("payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled",
         "payout.reconciliation_completed"),
        StripeGateway._of_payout,  # noqa: SLF001
    ),
}  # fmt: skip
