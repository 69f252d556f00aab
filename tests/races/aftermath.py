"""When everything is up again: the jobs run, and then all that is left of a journey has to fit together."""

from collections import Counter
from typing import Any

from bookings.models import Booking, SeatClaim
from core import outbox
from core.models import OutboxMessage
from ledger.queries import balances
from payments.models import GatewayEvent, Payment, Refund
from tests.payments import flutterwave, scene
from tests.races.journey import Journey
from tests.races.scenes import End
from tests.services import wait_until

JOBS = ("expire_holds", "retry_webhooks", "process_refunds", "drain_outbox")
_ROUNDS = 5


def settle(journey: Journey) -> None:
    """Tell, let leases end, run the jobs, until nothing is under way; more of it, and a comparison, change nothing."""
    for _round in range(_ROUNDS):
        _once(journey)
        if not _under_way(journey):
            break
    else:
        raise AssertionError(f"not at rest after {_ROUNDS} rounds: {_under_way(journey)}")
    before = _everything(journey)
    _once(journey)
    compared = journey.machines.run_jobs("reconcile_payments", min_age_minutes=0)
    assert compared["details"] == []
    assert _everything(journey) == before


def _once(journey: Journey) -> None:
    journey.hear_everything()
    journey.let_time_pass()
    journey.machines.run_jobs(*JOBS)


def _under_way(journey: Journey) -> list[Any]:
    messages = OutboxMessage.objects.filter(kind__in=outbox.kinds(), status="pending")
    wait_until(lambda: not messages.exists(), "every e-mail to be sent")
    return [
        *Refund.objects.filter(status__in=Refund.UNDER_WAY),
        *GatewayEvent.objects.filter(processed_at=None),
        *Booking.objects.filter(reference=journey.reference, status__in=Booking.UNPAID),
    ]


def _everything(journey: Journey) -> tuple[Any, ...]:
    state = journey.sandbox.state
    return (
        balances(),
        list(Booking.objects.order_by("pk").values("status", "payment_status", "paid_amount", "refunded_amount")),
        list(Payment.objects.order_by("pk").values("status", "received_amount", "refunded_amount")),
        list(Refund.objects.order_by("pk").values("status", "amount")),
        [len(state[kind]) for kind in ("sessions", "charges", "refunds", "balance_transactions")],
        sorted(journey.machines.mails.message_ids),
    )


def assert_ended(journey: Journey, end: End) -> None:
    """Booking, payment and refunds are as they should be, once each, here and at the gateway, and in the books."""
    booking = journey.booking
    payments = list(Payment.objects.filter(booking=booking))
    assert booking.status == end.booking
    # Whoever died before the first commit left no payment.
    assert [payment.status for payment in payments] == [end.payment] or (not payments and end.payment == "cancelled")
    refunds = list(Refund.objects.filter(payment__booking=booking))
    assert sorted(refund.status for refund in refunds) == sorted(end.refunds)
    _assert_seats(booking)
    _assert_mails(journey, booking)
    if journey.gateway == "flutterwave":
        _assert_flutterwave(journey, payments, refunds)
    else:
        _assert_stripe(journey, payments, refunds)


def _assert_seats(booking: Booking) -> None:
    claims = SeatClaim.objects.filter(booking=booking)
    sold = claims.filter(expires_at=None).count()
    assert (sold, claims.count()) == ((2, 2) if booking.is_sold else (0, 0))


def _assert_mails(journey: Journey, booking: Booking) -> None:
    sent = Counter(journey.machines.mails.message_ids)
    was_sold = booking.paid_amount > 0
    assert sum(number for name, number in sent.items() if f"booking.confirmed.{booking.reference}@" in name) == was_sold
    assert max(sent.values(), default=1) == 1


def _assert_stripe(journey: Journey, payments: list[Payment], refunds: list[Refund]) -> None:
    state = journey.sandbox.state
    paid = [payment for payment in payments if payment.is_paid]
    assert len(state["sessions"]) <= 1
    assert {session["id"] for session in state["sessions"]} >= {payment.session_id for payment in paid}
    charges = [charge for charge in state["charges"] if charge["status"] == "succeeded"]
    assert [(charge["id"], charge["amount"]) for charge in charges] == [
        (payment.charge_id, payment.received_amount) for payment in paid
    ]
    sent = [refund.amount for refund in refunds if refund.status == "succeeded" and not refund.paid_by_hand]
    made = [refund["amount"] for refund in state["refunds"] if refund["status"] == "succeeded"]
    assert sorted(made) == sorted(sent)
    scene.assert_gateway_agrees(journey.sandbox)


def _assert_flutterwave(journey: Journey, payments: list[Payment], refunds: list[Refund]) -> None:
    state = journey.sandbox.flutterwave_state
    transactions = [one for one in state["transactions"] if one["status"] == "successful"]
    assert [str(one["id"]) for one in transactions] == [payment.charge_id for payment in payments if payment.is_paid]
    assert len(state["refunds"]) == len(refunds)
    flutterwave.assert_gateway_agrees(journey.sandbox)
