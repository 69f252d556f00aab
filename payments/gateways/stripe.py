"""Stripe: Checkout Sessions through the official SDK.

Facts about Stripe here are from docs.stripe.com/api, API version 2026-10-28.endive. Since SDK v15 a StripeObject is
no dict, so answers are turned into plain dicts before they are read.
"""

import functools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import stripe
import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from core.correlation import current_id
from core.money import Money
from payments.errors import GatewayError, GatewayUnavailable, WebhookRefused
from payments.gateways.base import (
    Declined,
    Fact,
    Failed,
    FeeTaken,
    IncomingEvent,
    Paid,
    Processing,
    Report,
    Session,
    SessionEnded,
)
from payments.models import GatewayEvent, Payment

log = structlog.get_logger(__name__)

# Stripe takes sessions that end 30 minutes to 24 hours ahead. Ours end with the hold, by `end`; this is the longest
# hold, and a lost call to end it is made up for by the sweeper long before.
SESSION_LIFE = timedelta(minutes=61)
MAX_SIGNATURE_AGE = 300  # seconds
MAX_SIGNATURE_LEAD = 60  # seconds; the SDK would accept any time in the future
_TIMEOUT = 10  # seconds a call
_RETRIES = 2
# Stripe counts these two in hundredths though they have no minor unit.
_TIMES_HUNDRED = frozenset({"ISK", "UGX"})
# Stripe's page has no Arabic and refuses to be asked for it; `auto` then follows the browser.
_LOCALES = {"en": "en"}
_EXPAND = "payment_intent.latest_charge.balance_transaction"


def to_stripe(money: Money) -> int:
    """An amount as Stripe counts it."""
    return money.amount * 100 if money.currency in _TIMES_HUNDRED else money.amount


def from_stripe(amount: int, currency: str) -> Money:
    """An amount as we count it."""
    currency = currency.upper()
    return Money(amount // 100 if currency in _TIMES_HUNDRED else amount, currency)


@functools.cache
def _client(secret_key: str, address: str) -> stripe.StripeClient:
    # One for the process: it keeps a connection open for each thread.
    return stripe.StripeClient(
        secret_key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": address},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT),
    )


class StripeGateway:
    """Payments through Stripe's hosted page."""

    name = "stripe"

    def __init__(self) -> None:
        self._client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)

    # ---------------------------------------------------------------------------------------------------- sessions
    def parameters(self, payment: Payment) -> dict[str, Any]:
        booking = payment.booking
        names = {
            "payment_id": str(payment.id),
            "booking_reference": booking.reference,
            "correlation_id": current_id(),
        }
        with override(booking.language):
            seats = len(booking.live_passengers())
            title = f"{booking.boarding.place.local_city} – {booking.alighting.place.local_city}"
            about = ngettext("%(number)s, %(seats)d seat", "%(number)s, %(seats)d seats", seats) % {
                "number": booking.trip.number,
                "seats": seats,
            }
            fee_title = _("Booking fee")
        lines = [(title, about, payment.fare_amount + payment.tax_amount), (fee_title, "", payment.fee_amount)]
        return {
            "mode": "payment",
            "client_reference_id": str(payment.id),
            "customer_email": booking.contact_email,
            "locale": _LOCALES.get(booking.language, "auto"),
            "expires_at": int(time.time() + SESSION_LIFE.total_seconds()),
            "success_url": payment.return_page(),
            "cancel_url": f"{payment.return_page()}?left=1",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": payment.currency.lower(),
                        "unit_amount": to_stripe(Money(amount, payment.currency)),
                        "product_data": {"name": name, **({"description": text} if text else {})},
                    },
                }
                for name, text, amount in lines
                if amount
            ],
            "metadata": names,
            "payment_intent_data": {"metadata": names, "description": f"Berth {booking.reference}"},
        }

    def start(self, payment: Payment) -> Session:
        session = _call(
            lambda: self._client.v1.checkout.sessions.create(
                payment.parameters,
                {"idempotency_key": f"berth-payment-{payment.id}"},
            )
        )
        with _understood():
            return Session(session_id=session["id"], checkout_url=session["url"])

    def report(self, payment: Payment) -> tuple[Fact, ...]:
        if not payment.session_id:
            return ()
        session = self._session(payment.session_id)
        with _understood():
            return _facts_of_session(session)

    def end(self, payment: Payment) -> tuple[Fact, ...]:
        session_id = payment.session_id
        if not session_id:
            return (SessionEnded(),)  # its address never left us, so nobody can pay
        try:
            session = _call(lambda: self._client.v1.checkout.sessions.expire(session_id))
        except GatewayError:
            # Only an open session can be ended. This one is not: what became of it decides.
            return self.report(payment)
        with _understood():
            return _facts_of_session(session)

    def _session(self, session_id: str) -> dict[str, Any]:
        return _call(lambda: self._client.v1.checkout.sessions.retrieve(session_id, {"expand": [_EXPAND]}))

    # ------------------------------------------------------------------------------------------------------ events
    def read_event(self, body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
        try:
            text = body.decode()
            _verify(text, headers.get("Stripe-Signature", ""))
            event = json.loads(text)
            if str(event["object"]).startswith("v2."):
                raise WebhookRefused("This is a thin event: point the endpoint at a destination of snapshot events.")
            event["data"]["object"]["object"]
            return IncomingEvent(
                _name(event["id"], 255), _name(event["type"], 80), _name(event.get("api_version") or "-", 40), text
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WebhookRefused("The body is no event.") from error

    def report_of(self, event: GatewayEvent) -> Report | None:
        if event.api_version != settings.STRIPE_API_VERSION:
            log.warning("api_version_differs", event_id=event.event_id, api_version=event.api_version)
        reader = _READERS.get(event.type)
        if reader is None:
            return None
        thing = json.loads(event.body)["data"]["object"]
        return Report(
            facts=reader(self, thing),
            payment_id=_our_id(thing),
            session_id=thing["id"] if thing["object"] == "checkout.session" else "",
            intent_id=thing["id"] if thing["object"] == "payment_intent" else thing.get("payment_intent") or "",
        )

    def _read_session(self, session: dict[str, Any]) -> tuple[Fact, ...]:
        # A paid session names its intent, not its charge: the whole of it is looked up.
        return _facts_of_session(self._session(session["id"]))

    def _read_failed_session(self, session: dict[str, Any]) -> tuple[Fact, ...]:
        return (Failed(_last_error(self._session(session["id"]).get("payment_intent"))),)

    def _read_expired_session(self, _session: dict[str, Any]) -> tuple[Fact, ...]:
        return (SessionEnded(),)

    def _read_succeeded_intent(self, intent: dict[str, Any]) -> tuple[Fact, ...]:
        return _facts_of_intent(intent)

    def _read_failed_intent(self, intent: dict[str, Any]) -> tuple[Fact, ...]:
        return (Declined(_last_error(intent)),)

    def _read_charge(self, charge: dict[str, Any]) -> tuple[Fact, ...]:
        transaction_id = charge.get("balance_transaction")
        if not transaction_id or not charge.get("payment_intent"):
            return ()
        line = _call(lambda: self._client.v1.balance_transactions.retrieve(transaction_id))
        return _fee(line, charge["id"], charge["payment_intent"])


_READERS: dict[str, Callable[[StripeGateway, dict[str, Any]], tuple[Fact, ...]]] = {
    "checkout.session.completed": StripeGateway._read_session,  # noqa: SLF001
    "checkout.session.async_payment_succeeded": StripeGateway._read_session,  # noqa: SLF001
    "checkout.session.async_payment_failed": StripeGateway._read_failed_session,  # noqa: SLF001
    "checkout.session.expired": StripeGateway._read_expired_session,  # noqa: SLF001
    "payment_intent.succeeded": StripeGateway._read_succeeded_intent,  # noqa: SLF001
    "payment_intent.payment_failed": StripeGateway._read_failed_intent,  # noqa: SLF001
    "charge.updated": StripeGateway._read_charge,  # noqa: SLF001
}


def _facts_of_session(session: dict[str, Any]) -> tuple[Fact, ...]:
    """A session with its intent, charge and balance transaction expanded."""
    intent = session.get("payment_intent") or {}
    if session["status"] == "expired":
        return (SessionEnded(),)
    if session["status"] == "open":
        return (Declined(_last_error(intent)),) if intent.get("last_payment_error") else ()
    if session["payment_status"] != "unpaid":
        return _facts_of_intent(intent)
    # Vouchers and transfers wait in `requires_action` until the customer pays them.
    over = intent.get("status") in ("requires_payment_method", "canceled")
    return (Failed(_last_error(intent)),) if over else (Processing(),)


def _facts_of_intent(intent: dict[str, Any]) -> tuple[Fact, ...]:
    charge = intent["latest_charge"]
    charge_id = charge if isinstance(charge, str) else charge["id"]
    paid = Paid(intent["id"], charge_id, from_stripe(intent["amount_received"], intent["currency"]))
    line = charge.get("balance_transaction") if isinstance(charge, dict) else None
    return (paid, *_fee(line, charge_id, intent["id"])) if isinstance(line, dict) else (paid,)


def _fee(line: dict[str, Any], charge_id: str, intent_id: str) -> tuple[Fact, ...]:
    fee = from_stripe(line["fee"], line["currency"])
    return (FeeTaken(line["id"], charge_id, intent_id, fee),) if fee else ()


def _last_error(intent: Mapping[str, Any] | None) -> str:
    error = (intent or {}).get("last_payment_error") or {}
    return str(error.get("message") or "The payment failed.")


def _our_id(thing: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID((thing.get("metadata") or {})["payment_id"])
    except (KeyError, ValueError):
        return None  # not of our making


def _name(value: Any, longest: int) -> str:
    """An id or a name as the gateway gives them. Raises ValueError."""
    if isinstance(value, str) and 0 < len(value) <= longest and value.isascii() and value.isprintable():
        return value
    raise ValueError("This is no name.")


def _verify(text: str, header: str) -> None:
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(text, header, secret, MAX_SIGNATURE_AGE)
        except stripe.SignatureVerificationError:
            continue
        signed_at = int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
        if signed_at <= time.time() + MAX_SIGNATURE_LEAD:
            return
    raise WebhookRefused("The signature is missing, wrong, too old or of the future.")


def _call(request: Callable[[], Any]) -> dict[str, Any]:
    """Make a call and return its answer as a plain dict, with the SDK's errors as ours.

    What the gateway says of an error is logged and not passed on: it is meant for us, and may name our key.
    """
    try:
        with _understood():
            answer: dict[str, Any] = request().to_dict()
            return answer
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable from error
    except stripe.StripeError as error:
        log.warning("stripe_refused", status=error.http_status, code=error.code, request_id=error.request_id)
        if error.http_status == HTTPStatus.CONFLICT:  # the same request is still running there
            raise GatewayUnavailable from error
        raise GatewayError from error


@contextmanager
def _understood() -> Iterator[None]:
    """Read an answer; one that does not hold what Stripe promises is a GatewayError."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise GatewayError("The payment service gave an answer that we do not understand.") from error
