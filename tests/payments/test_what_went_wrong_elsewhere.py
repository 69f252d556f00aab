"""Faults that other systems shipped, and that these keep out of ours; named by the project and number of its report.

A real web server answers the sandbox's webhooks.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any

import httpx
import pytest
from django.core import mail

from bookings.models import Booking, SeatClaim, Trip
from core import jobs, outbox
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions import refund as refund_module
from payments.actions.cancel import Wish, cancel
from payments.actions.start import start_payment
from payments.models import Dispute, GatewayEvent, Payment, Refund, RefundAttempt
from tests.database import age_hold
from tests.payments.scene import assert_gateway_agrees, books, charge_of, fresh
from tests.races.rivals import at_once, count_deadlocks
from tests.services import Sandbox, wait_until
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trip() -> Trip:
    return make_trip()


@pytest.fixture
def payment(web, trip) -> Payment:
    """Of two seats, at the gateway's page; what happens there is delivered at once."""
    return start_payment(hold_seats(trip, "1A", "1B").pk).payment


def pay(sandbox: Sandbox, payment: Payment, method: str = "card") -> None:
    """The traveller pays, and we hear of everything, the fee included."""
    sandbox.pay(payment.session_id, method)
    hear_everything(sandbox)


def hear_everything(sandbox: Sandbox) -> None:
    """Every charge reaches the gateway's balance, and every event so far is processed."""

    def heard() -> bool:
        told = Counter(event["type"] for event in sandbox.events())
        on_balance = told["charge.updated"] == told["charge.succeeded"]
        return on_balance and GatewayEvent.objects.exclude(processed_at=None).count() == told.total()

    wait_until(heard, "every event to be processed")


def keep_back(sandbox: Sandbox) -> Callable[[], list[str]]:
    """From now on nothing is delivered; gives the ids of the events that arose since."""
    known = {event["id"] for event in sandbox.events()}
    sandbox.mode(delivery="drop")
    return lambda: [event["id"] for event in sandbox.events() if event["id"] not in known]


def dispute(sandbox: Sandbox, payment: Payment) -> str:
    return sandbox.dispute(charge_of(sandbox, payment)["id"])["id"]


def assert_sold_once(payment: Payment) -> None:
    """The booking has its seats for good, for the money of this payment."""
    booking = fresh(payment.booking)
    assert (booking.status, booking.payment_status, booking.paid_amount) == ("confirmed", "paid", payment.amount)
    assert fresh(payment).status == "succeeded"
    assert SeatClaim.objects.filter(booking=booking, expires_at=None).count() == 2
    assert OutboxMessage.objects.filter(kind="booking.confirmed").count() == 1


def test_dj_stripe_1239_a_duplicate_webhook_is_no_error(sandbox, payment):
    kept_back = keep_back(sandbox)
    sandbox.pay(payment.session_id)
    for event in kept_back():
        assert sandbox.deliver(event, times=20, concurrently=True) == [200] * 20
    assert GatewayEvent.objects.count() == len(kept_back())
    assert JournalEntry.objects.filter(kind="charge").count() == 1
    assert_sold_once(payment)


def test_dj_stripe_1267_parallel_webhooks_do_not_deadlock(sandbox, payment):
    deadlocks, kept_back = count_deadlocks(), keep_back(sandbox)
    sandbox.pay(payment.session_id, "declined")
    sandbox.pay(payment.session_id)
    charge = charge_of(sandbox, payment)["id"]
    sandbox.refund_in_dashboard(charge, 500)
    sandbox.move_dispute(dispute(sandbox, payment), "won")
    wait_until(lambda: sandbox.events("charge.updated"), "the fee")
    events = kept_back()
    answers = at_once(*[partial(sandbox.deliver, event, times=2, concurrently=True) for event in events])
    assert answers == [[200, 200]] * len(events)
    assert count_deadlocks() == deadlocks
    assert Counter(JournalEntry.objects.values_list("kind", flat=True)) == {
        "charge": 1,
        "fee": 2,
        "partial_refund": 1,
        "dispute": 1,
        "dispute_reversal": 1,
    }
    assert fresh(payment.booking).payment_status == "partially_refunded"
    assert_gateway_agrees(sandbox)


def two_payments(sandbox: Sandbox, payment: Payment) -> Payment:
    """A page that was given up and left open is paid as well as the one after it. Returns the second payment."""
    fresh(payment).cancel()
    fresh(payment.booking).abandon_payment()
    second = start_payment(payment.booking_id).payment
    for one in (payment, second):
        pay(sandbox, one)
    return second


def test_pretix_343_refunding_one_of_two_payments_leaves_the_booking_confirmed(sandbox, payment):
    second = two_payments(sandbox, payment)
    assert jobs.run("process_refunds")["sent"] == 1
    hear_everything(sandbox)
    assert fresh(second).status == "refunded"
    assert_sold_once(payment)
    assert fresh(payment.booking).refunded_amount == 0
    assert_gateway_agrees(sandbox)


def test_pretix_1233_a_failure_before_the_success_does_not_make_the_buyer_pay_again(sandbox, payment):
    pay(sandbox, payment, "declined")
    assert (fresh(payment).status, fresh(payment.booking).status) == ("failed", "pending_payment")
    again = start_payment(payment.booking_id)
    assert (again.payment.pk, again.new) == (payment.pk, False)
    pay(sandbox, payment)
    assert_sold_once(payment)
    assert Booking.objects.count() == Payment.objects.count() == len(sandbox.state["sessions"]) == 1


def test_pretix_1166_the_return_page_and_the_webhook_send_one_e_mail(web, sandbox, payment):
    kept_back = keep_back(sandbox)
    sandbox.pay(payment.session_id)
    return_page = partial(httpx.get, f"{web}/en/payments/{payment.pk}/return", follow_redirects=True, timeout=20)
    answers = at_once(return_page, *[partial(sandbox.deliver, event) for event in kept_back()], return_page)
    assert [answers[0].status_code, answers[-1].status_code] == [200, 200]
    assert answers[1:-1] == [[200]] * len(kept_back())
    assert_sold_once(payment)
    outbox.drain()
    (message,) = mail.outbox
    assert payment.booking.reference in message.subject


def test_pretix_74_money_for_a_seat_that_is_gone_comes_back_by_itself(sandbox, trip, payment):
    age_hold(payment.booking)
    other = hold_seats(trip, "1B")
    pay(sandbox, payment)
    jobs.run("expire_holds")
    assert jobs.run("process_refunds")["sent"] == 1
    hear_everything(sandbox)
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.reason, refund.amount) == ("succeeded", "late", payment.amount)
    assert (fresh(payment.booking).status, fresh(payment).status) == ("expired", "refunded")
    assert set(SeatClaim.objects.values_list("booking", "seat__number")) == {(other.pk, "1B")}
    assert "refunds:payable" not in books()
    assert_gateway_agrees(sandbox)
    outbox.drain()
    assert mail.outbox
    assert all(payment.booking.reference in message.subject for message in mail.outbox)


def test_saleor_14648_an_amount_that_several_events_tell_is_counted_once(sandbox, payment):
    pay(sandbox, payment)
    told = {event["type"] for event in sandbox.events()}
    assert told >= {"checkout.session.completed", "payment_intent.succeeded", "charge.succeeded", "charge.updated"}
    (charge,) = JournalEntry.objects.filter(kind="charge")
    assert charge.postings.get(account__code="gateway:stripe:clearing").amount == payment.amount
    assert_sold_once(payment)
    assert_gateway_agrees(sandbox)


def test_woocommerce_2724_a_webhook_that_is_faster_than_the_answer_makes_no_second_refund(
    sandbox, payment, monkeypatch
):
    pay(sandbox, payment)
    cancel(payment.booking_id, Wish())
    (refund,) = Refund.objects.all()
    known_before_the_answer, apply = [], refund_module.apply

    def apply_answer(*told: Any) -> None:
        known_before_the_answer.append(fresh(refund).status)
        apply(*told)

    monkeypatch.setattr(refund_module, "apply", apply_answer)
    sandbox.mode(answer_delay_seconds=1)
    assert jobs.run("process_refunds")["sent"] == 1
    sandbox.mode(answer_delay_seconds=0)
    assert known_before_the_answer == ["succeeded"]
    hear_everything(sandbox)
    assert jobs.run("process_refunds")["sent"] == 0
    assert Refund.objects.count() == RefundAttempt.objects.count() == len(sandbox.state["refunds"]) == 1
    assert JournalEntry.objects.filter(kind="partial_refund").count() == 1
    assert fresh(payment.booking).status == "refunded"
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("order", list(permutations((100, 200, 300))))
def test_woocommerce_5697_every_partial_refund_is_kept_in_any_order(sandbox, payment, order):
    pay(sandbox, payment)
    kept_back = keep_back(sandbox)
    charge = charge_of(sandbox, payment)["id"]
    events = {}
    for amount in (100, 200, 300):
        known = set(kept_back())
        sandbox.refund_in_dashboard(charge, amount)
        events[amount] = [event for event in kept_back() if event not in known]
    for amount in order:
        assert [sandbox.deliver(event) for event in events[amount]] == [[200]] * len(events[amount])
    known_there = {refund["id"] for refund in sandbox.state["refunds"]}
    assert set(RefundAttempt.objects.values_list("gateway_refund_id", flat=True)) == known_there
    assert set(JournalEntry.objects.filter(kind="partial_refund").values_list("refund_id", flat=True)) == known_there
    assert set(Refund.objects.values_list("amount", "status")) == {(amount, "succeeded") for amount in order}
    assert fresh(payment).refunded_amount == 600
    assert_gateway_agrees(sandbox)


def test_woocommerce_3638_of_two_sessions_that_are_paid_the_second_goes_back(sandbox, payment):
    second = two_payments(sandbox, payment)
    (refund,) = Refund.objects.all()
    assert (refund.payment_id, refund.reason, refund.amount) == (second.pk, "duplicate", second.amount)
    assert jobs.run("process_refunds")["sent"] == 1
    hear_everything(sandbox)
    assert fresh(refund).status == "succeeded"
    (returned,) = sandbox.state["refunds"]
    assert (returned["charge"], returned["amount"]) == (charge_of(sandbox, second)["id"], second.amount)
    assert_sold_once(payment)
    assert "refunds:payable" not in books()
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("end", ["won", "lost"])
def test_woocommerce_2598_a_dispute_does_not_revive_a_cancelled_booking(sandbox, trip, payment, end):
    pay(sandbox, payment)
    cancel(payment.booking_id, Wish())
    assert jobs.run("process_refunds")["sent"] == 1
    hear_everything(sandbox)
    next_traveller = hold_seats(trip, "1A", "1B")
    opened = dispute(sandbox, payment)
    hear_everything(sandbox)
    sandbox.move_dispute(opened, end)
    hear_everything(sandbox)
    assert Dispute.objects.get().status == end
    assert fresh(payment.booking).status == "refunded"
    assert {one.status for one in fresh(payment.booking).passengers.all()} == {"cancelled"}
    assert set(SeatClaim.objects.values_list("booking", flat=True)) == {next_traveller.pk}
    assert Refund.objects.count() == 1
    assert_gateway_agrees(sandbox)


def test_woocommerce_1098_a_dispute_that_is_won_brings_its_money_back_into_the_books(sandbox, payment):
    pay(sandbox, payment)
    before = books()
    opened = dispute(sandbox, payment)
    hear_everything(sandbox)
    assert books()["gateway:stripe:disputed"] == payment.amount
    assert fresh(payment.booking).payment_status == "disputed"
    sandbox.move_dispute(opened, "won")
    hear_everything(sandbox)
    fee = books().pop("platform:dispute_fees")
    clearing = {"gateway:stripe:clearing": before["gateway:stripe:clearing"] - fee}
    assert books() == {**before, **clearing, "platform:dispute_fees": fee}
    assert Dispute.objects.get().status == "won"
    assert_sold_once(payment)
    assert_gateway_agrees(sandbox)
