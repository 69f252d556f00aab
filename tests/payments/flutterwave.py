"""Flutterwave's half of a scene: seats paid on its page, its webhooks, and what it holds."""

import json
from typing import Any

from django.conf import settings
from django.test import Client

from bookings.models import Booking, SeatClaim, Trip
from core.models import OutboxMessage
from core.money import Money
from ledger.models import JournalEntry
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.models import Payment, Refund
from tests.payments.scene import books, fresh
from tests.world import hold_seats, make_trip


def hold(*seats: str, currency: str = "NGN", trip: Trip | None = None) -> Booking:
    """Seats on this trip, or on a new one of an operator of this currency."""
    return hold_seats(trip or make_trip("LOS", "ABV", currency=currency), *(seats or ("1A", "1B")))


def start(booking: Booking) -> Payment:
    return start_payment(booking.pk, "flutterwave").payment


def buy(sandbox: Any, *seats: str, currency: str = "NGN", trip: Trip | None = None) -> tuple[Booking, Payment]:
    """Seats that were paid with a card, and we know of it."""
    booking = hold(*seats, currency=currency, trip=trip)
    payment = start(booking)
    sandbox.pay_flutterwave(payment.session_id)
    payment = sync(payment.pk)
    assert payment.is_paid
    return fresh(booking), payment


def send(body: dict[str, Any] | str, **headers: str) -> Any:
    """POST a body to the webhook, with our secret unless the caller gives headers."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Client(raise_request_exception=False).post(
        "/webhooks/flutterwave",
        text,
        content_type="application/json",
        headers=headers or {"verif-hash": settings.FLUTTERWAVE_WEBHOOK_SECRETS[0]},
    )


def webhooks(sandbox: Any) -> list[dict[str, Any]]:
    """Every body that Flutterwave sent or would send, in order."""
    return [event["sent"] for event in sandbox.flutterwave_state["events"]]


def tell_all(sandbox: Any) -> None:
    """Hand every webhook to our endpoint once."""
    for body in webhooks(sandbox):
        assert send(body).status_code == 200


def assert_gateway_agrees(sandbox: Any, currency: str = "NGN") -> None:
    """The ledger's clearing account is what Flutterwave holds, to the minor unit."""
    held = sandbox.flutterwave_state["balances"].get(currency, 0)
    assert books(currency).get("gateway:flutterwave:clearing", 0) == Money.from_major(str(held), currency).amount


def assert_paid_once(sandbox: Any, booking: Booking, payment: Payment, currency: str = "NGN") -> None:
    """The seats are sold, and the books, the outbox and the gateway know of one payment."""
    booking, payment = fresh(booking), fresh(payment)
    assert (booking.status, booking.payment_status, booking.paid_amount) == ("confirmed", "paid", payment.amount)
    assert (payment.status, payment.charge_id) == ("succeeded", payment.intent_id)
    assert set(SeatClaim.objects.values_list("booking_id", "expires_at")) == {(booking.pk, None)}
    fee = (payment.amount * 14 + 500) // 1000
    assert books(currency) == {
        "gateway:flutterwave:clearing": payment.amount - fee,
        "platform:booking_fees": -payment.fee_amount,
        "platform:gateway_fees": fee,
        "tax:payable": -payment.tax_amount,
        "travellers:unearned": -payment.fare_amount,
    }
    assert sorted(JournalEntry.objects.values_list("kind", flat=True)) == ["charge", "fee"]
    assert OutboxMessage.objects.filter(kind="booking.confirmed").count() == 1
    assert not Refund.objects.exists()
    assert_gateway_agrees(sandbox, currency)


def assert_untouched(booking: Booking, payment: Payment) -> None:
    """Nothing was changed, nothing was posted."""
    assert (fresh(booking).status, fresh(payment).status) == ("pending_payment", "pending")
    assert not JournalEntry.objects.exists()
    assert not Refund.objects.exists()
    assert Payment.objects.count() == 1
