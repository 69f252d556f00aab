"""One link of Flutterwave that is paid twice, or with another amount than was due."""

import pytest

from payments.actions.cancel import Wish, cancel
from payments.actions.expire import expire_ended_holds
from payments.actions.sync import sync
from payments.models import Payment, Refund
from tests.database import age_hold
from tests.payments.flutterwave import assert_gateway_agrees, hold, start, tell_all
from tests.payments.scene import books, fresh, send_refunds

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(sandbox):
    return hold()


@pytest.fixture
def payment(booking):
    return start(booking)


def test_the_second_payment_on_one_link_goes_back(sandbox, booking, payment):
    first, second = (sandbox.pay_flutterwave(payment.session_id) for _ in range(2))
    tell_all(sandbox)
    assert fresh(payment).intent_id == str(first["id"])
    extra = Payment.objects.exclude(pk=payment.pk).get()
    assert (extra.intent_id, extra.status, extra.booking_id) == (str(second["id"]), "succeeded", booking.pk)
    (refund,) = Refund.objects.all()
    assert (refund.payment_id, refund.amount, refund.reason) == (extra.pk, payment.amount, "duplicate")
    assert send_refunds()["sent"] == 1
    tell_all(sandbox)
    assert fresh(refund).status == "succeeded"
    assert (fresh(booking).status, fresh(booking).paid_amount) == ("confirmed", payment.amount)
    (made,) = sandbox.flutterwave_state["refunds"]
    assert made["tx_id"] == second["id"]
    assert "refunds:payable" not in books("NGN")
    assert_gateway_agrees(sandbox)


def test_a_link_that_was_paid_twice_is_found_by_polling_alone(sandbox, booking, payment):
    for _ in range(2):
        sandbox.pay_flutterwave(payment.session_id)
    sync(payment.pk)
    extra = Payment.objects.exclude(pk=payment.pk).get()
    send_refunds()
    for one in (payment, extra, payment, extra):
        sync(one.pk)
    assert (fresh(payment).status, fresh(extra).status) == ("succeeded", "refunded")
    assert Payment.objects.count() == 2
    assert_gateway_agrees(sandbox)


def pay_too_little_first(sandbox, payment):
    """And then in full on the same page; that is not told yet."""
    sandbox.pay_flutterwave(payment.session_id, amount="10.00")
    tell_all(sandbox)
    assert Refund.objects.get().reason == "underpaid"
    sandbox.pay_flutterwave(payment.session_id)


@pytest.mark.parametrize("told_by", ["webhook", "polling"])
def test_a_link_that_was_paid_in_full_after_too_little_sells_the_seats(sandbox, booking, payment, told_by):
    pay_too_little_first(sandbox, payment)
    if told_by == "webhook":
        tell_all(sandbox)
    else:
        sync(payment.pk)
    second = Payment.objects.exclude(pk=payment.pk).get()
    assert (second.status, second.money) == ("succeeded", payment.money)
    assert (fresh(booking).status, fresh(booking).paid_amount) == ("confirmed", payment.amount)
    (refund,) = Refund.objects.all()
    assert (refund.payment_id, refund.amount) == (payment.pk, 1_000)
    cancel(booking.pk, Wish(in_full=True))
    for _round in range(2):
        send_refunds()
        tell_all(sandbox)
    assert (fresh(second).status, fresh(booking).status) == ("refunded", "refunded")
    assert "refunds:payable" not in books("NGN")
    assert_gateway_agrees(sandbox)


@pytest.mark.django_db(transaction=True)
def test_a_link_that_was_paid_in_full_after_too_little_goes_back_if_the_seats_are_gone(sandbox, booking, payment):
    pay_too_little_first(sandbox, payment)
    age_hold(booking)
    expire_ended_holds()
    booking_of_another = hold(trip=booking.trip)
    tell_all(sandbox)
    second = Payment.objects.exclude(pk=payment.pk).get()
    assert (second.refunds.get().reason, second.refunds.get().amount) == ("late", payment.amount)
    assert (fresh(booking).status, fresh(booking_of_another).status) == ("expired", "pending")
    send_refunds()
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize(("paid", "reason"), [("300.00", "overpaid"), ("100.00", "underpaid")])
def test_another_amount_than_was_due_is_noticed(sandbox, booking, payment, paid, reason):
    sandbox.pay_flutterwave(payment.session_id, amount=paid)
    tell_all(sandbox)
    (refund,) = Refund.objects.all()
    received = int(paid.replace(".", ""))
    back = received - payment.amount if reason == "overpaid" else received
    assert (refund.reason, refund.amount) == (reason, back)
    assert fresh(booking).status == ("confirmed" if reason == "overpaid" else "pending_payment")
    send_refunds()
    assert_gateway_agrees(sandbox)


def test_of_several_the_one_that_fits_is_the_payment(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id, amount="100.00")
    fitting = sandbox.pay_flutterwave(payment.session_id)
    sync(payment.pk)
    assert fresh(booking).status == "confirmed"
    assert fresh(payment).intent_id == str(fitting["id"])
    assert Refund.objects.get().amount == 10_000
