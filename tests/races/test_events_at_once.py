"""Every event about money that went back or is disputed, at once and again and again: each has one effect."""

from collections import Counter
from functools import partial
from typing import Any

import pytest

from bookings.models import Booking
from core.models import OutboxMessage, StatusChange
from ledger.models import JournalEntry
from payments.actions.give_back import give_courtesy
from payments.actions.start import start_payment
from payments.models import Dispute, GatewayEvent, Payment, Refund, RefundAttempt
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, fresh, lapse_refunds, send_refunds
from tests.races.rivals import at_once
from tests.services import Sandbox, wait_until
from tests.world import hold_seats, make_trip

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unforgiving")]


def pay_unheard(sandbox: Sandbox) -> Payment:
    """Declined, then paid, and nobody here has heard of it."""
    payment = start_payment(hold_seats(make_trip(), "1A", "1B").pk).payment
    sandbox.pay(payment.session_id or "", "declined")
    sandbox.pay(payment.session_id or "")
    wait_until(lambda: sandbox.events("charge.updated"), "the charge's fee")
    return payment


def part_refund_and_dispute(sandbox: Sandbox, payment: Payment, *, won: bool) -> None:
    """In the gateway's dashboard, three times; the rest is disputed."""
    charge = charge_of(sandbox, payment)["id"]
    for amount in (100, 200, 300):
        sandbox.refund_in_dashboard(charge, amount)
    opened = sandbox.dispute(charge)["id"]
    sandbox.move_dispute(opened, "under_review")
    sandbox.move_dispute(opened, "won" if won else "lost")


def facts() -> dict[str, Any]:
    """All that events may have changed."""
    return {
        "books": books(),
        "entries": Counter(JournalEntry.objects.values_list("kind", flat=True)),
        "booking": list(Booking.objects.values_list("status", "payment_status", "refunded_amount")),
        "payments": list(Payment.objects.values_list("status", "refunded_amount")),
        "refunds": sorted(Refund.objects.values_list("status", "amount")),
        "attempts": RefundAttempt.objects.count(),
        "disputes": list(Dispute.objects.values_list("status", "held_amount")),
        "messages": sorted(OutboxMessage.objects.values_list("kind", "subject")),
    }


@pytest.mark.parametrize("won", [True, False], ids=["won", "lost"])
def test_all_events_of_a_payment_that_nobody_knew_of_at_once(sandbox, deadlocks, won):
    """dj-stripe 1267: webhooks side by side deadlocked."""
    payment = pay_unheard(sandbox)
    part_refund_and_dispute(sandbox, payment, won=won)
    events = [event["id"] for event in sandbox.events()]
    assert len(events) > 20
    deliveries = [partial(sandbox.deliver, event, times=2, concurrently=True) for event in events]
    assert at_once(*deliveries) == [[200, 200]] * len(events)

    told = facts()
    assert told["refunds"] == [("succeeded", 100), ("succeeded", 200), ("succeeded", 300)]
    assert told["booking"] == [("confirmed", "partially_refunded" if won else "disputed", 600)]
    assert [status for status, _held in told["disputes"]] == ["won" if won else "lost"]
    assert_gateway_agrees(sandbox)
    assert at_once(*deliveries) == [[200, 200]] * len(events)
    assert facts() == told
    assert deadlocks() == 0


def test_all_events_of_our_own_refunds_at_once_while_they_are_sent(sandbox, deadlocks):
    booking, payment = buy(sandbox)
    sandbox.mode(delivery="auto", copies=3, order="shuffled")
    refunds = [give_courtesy(payment.pk, amount, note="late departure") for amount in (100, 200, 300)]
    for _refund in refunds:  # those of one payment are sent one after the other
        lapse_refunds()
        at_once(*[send_refunds] * 3)
    wait_until(lambda: all(one["state"] != "pending" for one in sandbox.state["deliveries"]), "every event")
    assert {attempt["status"] for one in sandbox.state["deliveries"] for attempt in one["tries"]} == {200}
    assert {fresh(refund).status for refund in refunds} == {"succeeded"}
    assert Refund.objects.count() == RefundAttempt.objects.count() == len(sandbox.objects("refunds")) == 3
    assert fresh(booking).refunded_amount == fresh(payment).refunded_amount == 600
    assert JournalEntry.objects.filter(kind="partial_refund").count() == 3
    assert_gateway_agrees(sandbox)
    assert deadlocks() == 0


@pytest.mark.parametrize(
    "kind",
    [
        "payment_intent.succeeded",
        "charge.updated",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ],
)
def test_one_event_twenty_times_at_once_has_one_effect(sandbox, kind):
    """dj-stripe 1239: a second copy was answered with a 500."""
    payment = pay_unheard(sandbox)
    part_refund_and_dispute(sandbox, payment, won=False)
    event = sandbox.events(kind)[0]["id"]
    assert sandbox.deliver(event, times=20, concurrently=True) == [200] * 20
    assert GatewayEvent.objects.get().processed_at is not None
    told = facts()
    assert StatusChange.objects.filter(subject_id=str(payment.pk), to_status="succeeded").count() == 1
    assert told["entries"]["charge"] == 1
    assert told["attempts"] == len(told["refunds"]) == {"charge.refunded": 3}.get(kind, kind.startswith("refund"))
    assert len(told["disputes"]) == kind.startswith("charge.dispute")
    assert sandbox.deliver(event, times=20, concurrently=True) == [200] * 20
    assert facts() == told
