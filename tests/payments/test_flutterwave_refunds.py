"""Refunds through Flutterwave, which has no idempotency keys: one call each, whatever becomes of its answer."""

import pytest

from bookings.models import SeatClaim
from core.models import OutboxMessage
from payments.actions import refund as refunding
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy, try_again
from payments.actions.sync import sync
from payments.gateways import circuit, gateway
from payments.gateways import flutterwave as adapter
from payments.models import GatewayCall, Payment, Refund, RefundAttempt
from tests.payments.flutterwave import assert_gateway_agrees, buy, hold, send, start, tell_all, webhooks
from tests.payments.scene import books, fresh, lapse_refunds, send_refunds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def closed_circuit():
    circuit.of("flutterwave").reset()


@pytest.fixture
def sale(sandbox):
    return buy(sandbox)


def made(sandbox):
    """What the sandbox was asked to pay back, in order."""
    return sandbox.flutterwave_state["refunds"]


def asked(sandbox):
    """How often it was asked to."""
    return [one["status"] for one in sandbox.state["requests"] if one["path"].endswith("/refund")]


def assert_paid_back_once(sandbox, refund):
    refund = fresh(refund)
    assert refund.status == "succeeded"
    (one,) = made(sandbox)
    assert one["amount_refunded"] == refund.amount / 100
    assert "refunds:payable" not in books("NGN")
    assert OutboxMessage.objects.filter(kind="refund.paid").count() == 1
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("currency", ["NGN", "USD", "XOF"])
@pytest.mark.parametrize("told_by", ["webhook", "polling"])
def test_a_cancelled_booking_is_paid_back_by_policy(sandbox, currency, told_by):
    booking, payment = buy(sandbox, currency=currency)
    cancel(booking.pk, Wish(reason="changed my mind"))
    back = booking.total.amount * 80 // 100
    assert not SeatClaim.objects.filter(booking=booking).exists()
    assert send_refunds()["sent"] == 1
    (refund,) = Refund.objects.all()
    # Accepted, and off the balance; that its money has gone out is told later.
    assert (refund.status, refund.amount) == ("submitted", back)
    assert "refunds:payable" not in books(currency)
    assert fresh(booking).status == "cancelled"
    assert_gateway_agrees(sandbox, currency)

    if told_by == "webhook":
        tell_all(sandbox)
    else:
        lapse_refunds()
        assert send_refunds()["asked"] == 1
    assert fresh(refund).status == "succeeded"
    assert (fresh(booking).status, fresh(booking).refunded_amount) == ("refunded", back)
    assert (fresh(payment).status, fresh(payment).refunded_amount) == ("partially_refunded", back)
    assert_gateway_agrees(sandbox, currency)
    (call,) = GatewayCall.objects.filter(operation="refund")
    assert (call.outcome, call.idempotency_key, call.refund_id) == ("answered", "", refund.pk)
    assert call.request["comments"] == refund.attempts.get().mark


def test_all_of_it_goes_back(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    tell_all(sandbox)
    assert_paid_back_once(sandbox, Refund.objects.get())
    assert (fresh(booking).status, fresh(payment).status) == ("refunded", "refunded")
    assert books("NGN").keys() == {"gateway:flutterwave:clearing", "platform:gateway_fees"}


def test_news_of_a_refund_change_nothing_that_is_known(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish())
    send_refunds()
    tell_all(sandbox)
    before = books("NGN")
    for _ in range(2):
        tell_all(sandbox)
        sync(payment.pk)
    (refund_news,) = [body for body in webhooks(sandbox) if "AmountRefunded" in body]
    assert send(refund_news | {"AmountRefunded": 1_000_000, "updatedAt": "later"}).status_code == 200
    assert books("NGN") == before
    assert Refund.objects.count() == RefundAttempt.objects.count() == 1
    assert_paid_back_once(sandbox, Refund.objects.get())


def test_a_pending_refund_is_paid_later(sandbox, sale):
    booking, _payment = sale
    sandbox.mode(flutterwave_refund_outcome="pending")
    cancel(booking.pk, Wish())
    send_refunds()
    (refund,) = Refund.objects.all()
    lapse_refunds()
    assert send_refunds()["asked"] == 1
    assert fresh(refund).status == "submitted"  # `completed` is not paid
    sandbox.control(f"flutterwave/refunds/{made(sandbox)[0]['id']}/settle", success=True)
    lapse_refunds()
    send_refunds()
    assert_paid_back_once(sandbox, refund)


def test_a_refund_that_fails_is_owed_again_and_staff_send_it_once_more(sandbox, sale):
    booking, _payment = sale
    sandbox.mode(flutterwave_refund_outcome="failing")
    cancel(booking.pk, Wish())
    send_refunds()
    tell_all(sandbox)
    refund = Refund.objects.get()
    assert (refund.status, refund.last_error) == ("failed", "Flutterwave could not pay it out.")
    assert books("NGN")["refunds:payable"] == -refund.amount
    assert fresh(booking).status == "cancelled"
    assert_gateway_agrees(sandbox)

    sandbox.mode(flutterwave_refund_outcome="completed")
    try_again(refund.pk, note="they say that it works now")
    send_refunds()
    tell_all(sandbox)
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]
    assert (fresh(refund).status, fresh(booking).status) == ("succeeded", "refunded")
    assert "refunds:payable" not in books("NGN")
    assert_gateway_agrees(sandbox)


def test_partial_refunds_of_one_amount_are_told_apart(sandbox, sale):
    _booking, payment = sale
    refunds = [give_courtesy(payment.pk, 700, note=f"delay {number}") for number in range(3)]
    for _round in range(4):
        lapse_refunds()
        send_refunds()
    news = [body for body in webhooks(sandbox) if "AmountRefunded" in body]
    for body in reversed(news):
        assert send(body).status_code == 200
    assert [fresh(refund).status for refund in refunds] == ["succeeded"] * 3
    assert len(made(sandbox)) == 3
    assert fresh(payment).refunded_amount == 2_100
    assert_gateway_agrees(sandbox)


def test_its_webhook_before_its_answer_makes_one_refund(sandbox, sale, monkeypatch):
    booking, _payment = sale
    real = refunding.apply

    def late(payment, facts):
        tell_all(sandbox)
        real(payment, facts)

    monkeypatch.setattr(refunding, "apply", late)
    cancel(booking.pk, Wish())
    assert send_refunds()["sent"] == 1
    assert RefundAttempt.objects.count() == 1
    assert_paid_back_once(sandbox, Refund.objects.get())


# ------------------------------------------------------------------------------------------------ answers that are lost
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "error", "status": 503},
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 418},
    ],
    ids=["dropped", "503", "500", "unheard-of"],
)
@pytest.mark.parametrize("done", [True, False])
def test_a_refund_whose_answer_is_lost_is_looked_up_before_it_is_sent_again(sandbox, sale, fault, done):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    sandbox.fault(gateway="flutterwave", method="POST", after_effect=done, **fault)
    assert send_refunds()["waiting"] == 1
    (refund,) = Refund.objects.all()
    assert refund.status == "submitting"
    assert refund.attempts.get().is_unclear
    assert send_refunds()["sent"] == 0  # its lease holds
    assert len(made(sandbox)) == done

    lapse_refunds()
    assert send_refunds()["sent"] == 1
    tell_all(sandbox)
    assert_paid_back_once(sandbox, refund)
    assert refund.attempts.count() == (1 if done else 2)


def test_a_refund_that_did_not_reach_the_gateway_is_simply_sent_later(sandbox, sale, settings):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    up, settings.FLUTTERWAVE_API_BASE = settings.FLUTTERWAVE_API_BASE, "http://127.0.0.1:9"
    assert send_refunds()["waiting"] == 1
    (refund,) = Refund.objects.all()
    assert refund.status == "requested"  # nobody listens there: it cannot have been done
    assert not refund.attempts.get().is_unclear
    settings.FLUTTERWAVE_API_BASE = up
    lapse_refunds()
    send_refunds()
    tell_all(sandbox)
    assert_paid_back_once(sandbox, refund)
    assert refund.attempts.count() == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_worker_that_died_with_the_lease_leaves_one_refund(sandbox, sale, done):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    (refund,) = Refund.objects.all()
    leased = refunding._lease(refund.pk)
    if done:
        gateway("flutterwave").refund(leased.attempt)
    assert send_refunds() == {"sent": 0, "asked": 0, "failed": 0, "waiting": 0, "skipped": 0}
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    tell_all(sandbox)
    assert_paid_back_once(sandbox, refund)
    assert asked(sandbox) == [200]


def test_an_answer_that_is_none_may_hide_a_refund(sandbox, sale, monkeypatch):
    booking, _payment = sale
    real = adapter.refund_fact
    answers = iter([{}])  # the first is unreadable
    monkeypatch.setattr(adapter, "refund_fact", lambda refund, currency: real(next(answers, refund), currency))
    cancel(booking.pk, Wish())
    assert send_refunds()["waiting"] == 1
    assert RefundAttempt.objects.get().is_unclear
    lapse_refunds()
    send_refunds()
    tell_all(sandbox)
    assert_paid_back_once(sandbox, Refund.objects.get())


def test_too_many_requests_wait_as_long_as_they_are_told(sandbox, sale):
    booking, _payment = sale
    cancel(booking.pk, Wish())
    sandbox.fault("rate_limit", gateway="flutterwave", method="POST", retry_after=90)
    send_refunds()
    refund = Refund.objects.get()
    assert refund.status == "requested"
    assert (refund.due_at - refund.created_at).total_seconds() > 89
    assert made(sandbox) == []


# ------------------------------------------------------------------------------------------------------- made elsewhere
def test_a_refund_made_in_the_dashboard_is_booked_and_waits_to_be_explained(sandbox, sale):
    booking, payment = sale
    sandbox.control("flutterwave/refund", transaction=int(payment.intent_id), amount="12.50", comments="by the clerk")
    tell_all(sandbox)
    (refund,) = Refund.objects.all()
    assert (refund.reason, refund.status, refund.amount, refund.accounted) == ("gateway", "succeeded", 1_250, False)
    assert books("NGN")["suspense"] == 1_250
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "partially_refunded")
    assert_gateway_agrees(sandbox)


def test_a_dashboard_refund_is_found_by_polling_too(sandbox, sale):
    _booking, payment = sale
    sandbox.control("flutterwave/refund", transaction=int(payment.intent_id))
    sync(payment.pk)
    assert (Refund.objects.get().reason, fresh(payment).status) == ("gateway", "refunded")
    assert_gateway_agrees(sandbox)


def test_what_the_gateway_refuses_is_a_failed_refund_that_is_still_owed(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish())
    sandbox.control("flutterwave/refund", transaction=int(payment.intent_id))  # behind our back
    assert send_refunds()["failed"] == 1
    refund = Refund.objects.get()
    assert refund.status == "failed"
    assert "greater than" not in refund.last_error  # the gateway's words are in the log alone
    assert books("NGN")["refunds:payable"] == -refund.amount


def test_news_of_a_refund_before_anybody_told_of_the_payment(sandbox):
    booking = hold()
    payment = start(booking)
    transaction = sandbox.pay_flutterwave(payment.session_id)
    sandbox.control("flutterwave/refund", transaction=transaction["id"], amount="5.00")
    for body in reversed(webhooks(sandbox)):
        assert send(body).status_code == 200
    assert fresh(booking).status == "confirmed"
    assert (fresh(payment).status, fresh(payment).refunded_amount) == ("partially_refunded", 500)
    assert_gateway_agrees(sandbox)


def test_the_try_that_was_heard_of_first_stays_the_payment(sandbox):
    booking = hold()
    payment = start(booking)
    first, second = (sandbox.pay_flutterwave(payment.session_id) for _ in range(2))
    for body in reversed(webhooks(sandbox)):
        send(body)
    assert fresh(payment).intent_id == str(second["id"])
    send_refunds()  # the first, as a duplicate
    sandbox.control("flutterwave/refund", transaction=second["id"], amount="3.00")
    sync(payment.pk)
    assert set(Refund.objects.values_list("payment__intent_id", "reason")) == {
        (str(first["id"]), "duplicate"),
        (str(second["id"]), "gateway"),
    }
    assert_gateway_agrees(sandbox)


def test_refunds_of_a_link_that_was_paid_twice_stay_with_their_own_payment(sandbox, sale):
    booking, payment = sale
    second = sandbox.pay_flutterwave(payment.session_id)
    tell_all(sandbox)
    extra = Payment.objects.get(intent_id=str(second["id"]))
    cancel(booking.pk, Wish(in_full=True))
    for _round in range(2):
        lapse_refunds()
        send_refunds()
    tell_all(sandbox)
    for one in (payment, extra):
        sync(one.pk)
    assert {(one.payment_id, one.reason, one.status) for one in Refund.objects.all()} == {
        (payment.pk, "cancelled", "succeeded"),
        (extra.pk, "duplicate", "succeeded"),
    }
    assert {one["tx_id"] for one in made(sandbox)} == {int(payment.intent_id), int(extra.intent_id)}
    assert "refunds:payable" not in books("NGN")
    assert_gateway_agrees(sandbox)


def test_news_of_the_second_payments_refund_before_that_of_its_money_is_about_the_second(sandbox, sale):
    _booking, payment = sale
    second = sandbox.pay_flutterwave(payment.session_id)
    sandbox.control("flutterwave/refund", transaction=second["id"], amount="10.00")
    for body in reversed(webhooks(sandbox)):
        assert send(body).status_code == 200
    (made_there,) = Refund.objects.filter(reason="gateway")
    assert made_there.payment.intent_id == str(second["id"])
    assert (fresh(payment).status, fresh(payment).refunded_amount) == ("succeeded", 0)
    assert sync(payment.pk).refunded_amount == 0
    assert_gateway_agrees(sandbox)
