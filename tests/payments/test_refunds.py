"""Money goes back: sent once, in any order of news, never more than came, and what fails is seen."""

import pytest
import stripe
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bookings.models import SeatClaim
from core.errors import FieldsInvalid, InvalidState
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import account_as_courtesy, give_courtesy, pay_by_hand, try_again
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.effects.standing import left
from payments.errors import RefundTooLarge
from payments.models import Dispute, GatewayCall, Refund, RefundAttempt
from tests.payments.gateway import send
from tests.payments.scene import (
    assert_gateway_agrees,
    books,
    buy,
    charge_of,
    fresh,
    lapse_refunds,
    send_refunds,
    tell_all,
)
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale(sandbox):
    return buy(sandbox)


def test_a_cancelled_booking_is_paid_back_by_policy(sandbox, sale):
    booking, payment = sale
    total = booking.total.amount
    cancel(booking.pk, Wish(reason="changed my mind"))
    back = total * 80 // 100
    assert books()["refunds:payable"] == -back
    assert not SeatClaim.objects.filter(booking=booking).exists()
    assert fresh(booking).status == "cancelled"

    assert send_refunds()["sent"] == 1
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.amount, refund.reason) == ("succeeded", back, "cancelled")
    done = fresh(booking)
    assert (done.status, done.payment_status, done.refunded_amount) == ("refunded", "partially_refunded", back)
    assert (fresh(payment).status, fresh(payment).refunded_amount) == ("partially_refunded", back)
    assert "refunds:payable" not in books()
    assert "travellers:unearned" not in books()
    assert_gateway_agrees(sandbox)
    (call,) = GatewayCall.objects.filter(operation="refund")
    assert (call.outcome, call.idempotency_key) == ("answered", refund.attempts.get().mark)


def test_what_is_kept_of_the_fare_is_the_operators_less_commission(sandbox, sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    kept_fare = (
        booking.fare_amount
        - JournalEntry.objects.get(kind="refund_decision").postings.get(account__code="travellers:unearned").amount
    )
    (kept,) = JournalEntry.objects.filter(kind="cancellation_fee")
    parts = {posting.account.code: posting.amount for posting in kept.postings.select_related("account")}
    assert parts["travellers:unearned"] == kept_fare
    assert -parts["platform:commission"] == pytest.approx(kept_fare * booking.commission_bps / 10_000, abs=2)
    assert sum(parts.values()) == 0


def test_single_passengers_are_cancelled_one_after_the_other(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(seats=["1B"]))
    after = fresh(booking)
    assert (after.status, [one.seat.number for one in after.live_passengers()]) == ("confirmed", ["1A"])
    assert SeatClaim.objects.filter(booking=booking).count() == 1
    send_refunds()
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "partially_refunded")
    cancel(booking.pk, Wish())
    send_refunds()
    assert fresh(booking).status == "refunded"
    assert fresh(payment).refunded_amount == booking.total.amount * 80 // 100
    assert Refund.objects.filter(status="succeeded").count() == 2
    assert_gateway_agrees(sandbox)


def test_events_of_a_refund_change_nothing_that_its_answer_told(sandbox, sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    send_refunds()
    before = books()
    tell_all(sandbox)
    tell_all(sandbox)
    assert books() == before
    assert Refund.objects.count() == RefundAttempt.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="refund.paid").count() == 1


def test_a_pending_refund_succeeds_later(sandbox, sale):
    booking, _payment = sale
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish())
    send_refunds()
    (refund,) = Refund.objects.all()
    assert refund.status == "submitted"
    assert fresh(booking).status == "cancelled"
    sandbox.control(f"refunds/{refund.attempts.get().gateway_refund_id}/settle", success=True)
    lapse_refunds()
    assert send_refunds()["asked"] == 1
    assert fresh(refund).status == "succeeded"
    assert fresh(booking).status == "refunded"


def test_a_refund_that_fails_is_owed_again_and_staff_send_it_once_more(sandbox, sale):
    booking, payment = sale
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish())
    send_refunds()
    (refund,) = Refund.objects.all()
    sandbox.control(f"refunds/{refund.attempts.get().gateway_refund_id}/settle", success=False)
    sync(payment.pk)
    refund = fresh(refund)
    assert refund.status == "failed"
    assert refund.last_error
    assert books()["refunds:payable"] == -refund.amount
    assert_gateway_agrees(sandbox)
    assert OutboxMessage.objects.filter(kind="refund.failed").count() == 1

    sandbox.mode(refund_outcome="succeeded")
    try_again(refund.pk, note="the bank says it works now")
    send_refunds()
    assert fresh(refund).status == "succeeded"
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]
    tell_all(sandbox)  # news of the first attempt, too
    assert fresh(refund).status == "succeeded"
    assert fresh(booking).status == "refunded"
    assert "refunds:payable" not in books()
    assert_gateway_agrees(sandbox)


def test_a_refund_that_bounces_brings_the_booking_back_to_cancelled(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish())
    send_refunds()
    (refund,) = Refund.objects.all()
    assert fresh(booking).status == "refunded"
    sandbox.control(f"refunds/{refund.attempts.get().gateway_refund_id}/settle", success=False)
    tell_all(sandbox)
    assert fresh(refund).status == "failed"
    assert (fresh(booking).status, fresh(booking).refunded_amount) == ("cancelled", 0)
    assert fresh(payment).status == "succeeded"
    assert books()["refunds:payable"] == -refund.amount
    assert_gateway_agrees(sandbox)

    pay_by_hand(refund.pk, note="transfer 4711")
    assert fresh(refund).paid_by_hand
    assert fresh(booking).status == "refunded"
    assert books()["bank"] == -refund.amount
    assert "refunds:payable" not in books()
    tell_all(sandbox)
    assert fresh(refund).status == "succeeded"


def test_three_partial_refunds_in_any_order_are_all_kept(sandbox, sale):
    _booking, payment = sale
    refunds = [give_courtesy(payment.pk, amount, note="late departure") for amount in (100, 200, 300)]
    for refund in reversed(refunds):
        lapse_refunds()
        send_refunds()
        assert fresh(refund).status in ("succeeded", "requested")
    for _round in range(3):
        lapse_refunds()
        send_refunds()
    assert [fresh(refund).status for refund in refunds] == ["succeeded"] * 3
    assert RefundAttempt.objects.values("gateway_refund_id").distinct().count() == 3
    assert fresh(payment).refunded_amount == 600
    assert books()["platform:goodwill"] == 600
    assert_gateway_agrees(sandbox)


def test_a_courtesy_counts_when_the_seats_are_cancelled_after(sandbox, sale):
    booking, payment = sale
    give_courtesy(payment.pk, booking.total.amount * 50 // 100, note="broken seat")
    cancel(booking.pk, Wish())
    for _round in range(2):
        lapse_refunds()
        send_refunds()
    assert fresh(payment).refunded_amount == booking.total.amount
    assert "refunds:payable" not in books()
    # 50 % as a courtesy, 80 % by policy: only 50 % were left to send, so 30 % of the courtesy came out of the fare.
    assert books()["platform:goodwill"] == booking.total.amount * 20 // 100
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("amount", [0, -5, 10**9])
def test_no_more_is_paid_back_than_is_left(sandbox, sale, amount):
    _booking, payment = sale
    with pytest.raises((RefundTooLarge, FieldsInvalid)):
        give_courtesy(payment.pk, amount, note="too much")
    assert not Refund.objects.exists()
    assert "platform:goodwill" not in books()


def test_postgresql_refuses_refunds_beyond_what_is_left(sandbox, sale):
    _booking, payment = sale
    give_courtesy(payment.pk, payment.amount - 100, note="most of it")
    with pytest.raises(IntegrityError, match="are left"), transaction.atomic():
        Refund.objects.create(payment=payment, amount=101, currency="SAR", reason="goodwill")
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("UPDATE payments_refund SET amount = amount + 1")
    assert Refund.objects.count() == 1


def test_a_dispute_that_brought_more_than_it_took_leaves_no_more_to_pay_back(sandbox, sale):
    _booking, payment = sale
    sandbox.dispute(charge_of(sandbox, payment)["id"])
    tell_all(sandbox)
    Dispute.objects.update(held_amount=-1_000, status="won")
    assert left(payment) == payment.amount
    with pytest.raises(IntegrityError, match="are left"), transaction.atomic():
        Refund.objects.create(payment=payment, amount=payment.amount + 1, currency="SAR", reason="goodwill")
    assert not Refund.objects.exists()


def test_a_refund_made_in_the_dashboard_is_booked_and_waits_to_be_explained(sandbox, sale):
    booking, payment = sale
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund", amount=1_000)
    tell_all(sandbox)
    (refund,) = Refund.objects.all()
    assert (refund.reason, refund.status, refund.accounted) == ("gateway", "succeeded", False)
    assert books()["suspense"] == 1_000
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "partially_refunded")
    assert_gateway_agrees(sandbox)
    account_as_courtesy(refund.pk, note="the clerk says so")
    assert books()["platform:goodwill"] == 1_000
    assert "suspense" not in books()


def test_a_dashboard_refund_beyond_what_we_would_allow_is_booked_all_the_same(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish())
    send_refunds()
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund")
    tell_all(sandbox)
    assert fresh(payment).status == "refunded"
    assert books()["suspense"] == booking.total.amount - booking.total.amount * 80 // 100
    assert_gateway_agrees(sandbox)


def test_a_dashboard_refund_pays_for_a_cancellation_that_follows(sandbox, sale):
    booking, payment = sale
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund")
    tell_all(sandbox)
    cancel(booking.pk, Wish(in_full=True))
    assert send_refunds()["sent"] == 0
    assert books().keys() == {"gateway:stripe:clearing", "platform:gateway_fees"}
    assert fresh(booking).status == "refunded"


def test_what_went_back_at_the_gateway_is_not_paid_again_with_the_seat(sandbox, sale):
    """Part of it explains the first seat, the rest a part of the second; a courtesy explains nothing twice."""
    booking, payment = sale
    seat = booking.total.amount // 2
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund", amount=seat)
    tell_all(sandbox)
    cancel(booking.pk, Wish(seats=["1A"]))
    owed = seat * 80 // 100
    (made_there,) = Refund.objects.all()
    assert (made_there.accounted, made_there.unexplained_amount) == (False, seat - owed)
    assert books()["suspense"] == seat - owed
    cancel(booking.pk, Wish())
    assert fresh(made_there).accounted
    assert "suspense" not in books()
    assert send_refunds()["sent"] == 1
    assert fresh(payment).refunded_amount == owed * 2
    assert_gateway_agrees(sandbox)
    with pytest.raises(InvalidState):
        account_as_courtesy(made_there.pk, note="twice")


def test_what_the_gateway_refuses_is_a_failed_refund_that_is_still_owed(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish())
    (refund,) = Refund.objects.all()
    # Behind our back all of it went back, and nobody told us: the gateway refuses another.
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund")
    assert send_refunds()["failed"] == 1
    assert fresh(refund).status == "failed"
    assert fresh(booking).status == "cancelled"
    assert books()["refunds:payable"] == -refund.amount
    with pytest.raises(InvalidState):
        pay_by_hand(Refund.objects.create(payment=payment, amount=1, currency="SAR", reason="gateway").pk, note="x")


def test_news_of_a_refund_before_anybody_told_of_the_payment(sandbox):
    """Events come in any order: what a refund is about was paid, whether or not we heard."""
    booking = hold_seats(make_trip(), "1A")
    payment = start_payment(booking.pk).payment
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/refund", amount=500)
    for event in reversed(sandbox.state["events"]):
        assert send(event).status_code == 200
    assert fresh(booking).status == "confirmed"
    assert (fresh(payment).status, fresh(payment).refunded_amount) == ("partially_refunded", 500)
    assert_gateway_agrees(sandbox)


def test_a_refund_that_was_given_up_for_lost_and_paid_after_all_is_seen(sandbox, sale):
    """The one case in which money goes back twice: the books and the staff's list show it at once."""
    _booking, payment = sale
    refund = give_courtesy(payment.pk, 1_000, note="late")
    lost = RefundAttempt.objects.create(refund=refund, number=1, gateway="stripe", is_unclear=True, is_over=True)
    send_refunds()
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": sandbox.url})
    names = {"payment_id": str(payment.pk), "refund": str(refund.pk), "attempt": str(lost.number)}
    client.v1.refunds.create({"payment_intent": payment.intent_id, "amount": 1_000, "metadata": names})
    tell_all(sandbox)
    assert fresh(payment).refunded_amount == 2_000
    assert Refund.objects.get(reason="gateway").accounted is False
    assert books()["suspense"] == 1_000
    assert_gateway_agrees(sandbox)


def test_two_refunds_of_one_payment_take_turns(sandbox, sale):
    _booking, payment = sale
    first, second = (give_courtesy(payment.pk, 100, note="late") for _ in range(2))
    with transaction.atomic():
        Refund.objects.get(pk=first.pk).lease(first.created_at)
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.get(pk=second.pk).lease(second.created_at)


def test_an_inquiry_is_answered_by_paying_back(sandbox, sale):
    booking, payment = sale
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/dispute", inquiry=True)
    sync(payment.pk)
    cancel(booking.pk, Wish())
    assert send_refunds()["sent"] == 1
    assert fresh(booking).status == "refunded"
