"""A gateway that answers late, wrongly or not at all: what it did is done once, what it did not is done later."""

import time
from collections.abc import Iterator
from importlib import import_module

import pytest

from core.errors import Problem
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.start import start_payment
from payments.errors import GatewayError, GatewayUnavailable
from payments.gateways import circuit
from payments.models import Payment, Refund, RefundAttempt
from tests.database import as_owner
from tests.payments.scene import assert_gateway_agrees, buy, fresh, lapse_refunds, send_refunds
from tests.races.travellers import travellers
from tests.services import wait_until
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS, REFUNDS = "/v1/checkout/sessions$", "/v1/refunds$"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch) -> Iterator[None]:
    """The time-out of a call, in tests: long enough for the sandbox, too short for its faults."""
    module = import_module("payments.gateways.stripe.client")
    monkeypatch.setattr(module, "_TIMEOUT", 1)
    module.client.cache_clear()
    yield
    module.client.cache_clear()


# ---------------------------------------------------------------------------------------------- opening a session
@pytest.mark.parametrize("kind", ["timeout", "drop"])
def test_no_answer_after_the_gateway_did_it_leaves_one_session(sandbox, kind):
    booking = hold_seats(make_trip(), "1A")
    more = {"seconds": 1.5} if kind == "timeout" else {}
    sandbox.fault(kind, path=SESSIONS, method="POST", after_effect=True, times=3, **more)
    with pytest.raises(GatewayUnavailable):
        start_payment(booking.pk)
    sandbox.clear_faults()
    payment = start_payment(booking.pk).payment
    (session,) = sandbox.state["sessions"]
    assert payment.session_id == session["id"]
    assert Payment.objects.count() == 1


def test_a_lost_answer_is_asked_for_again_by_itself(sandbox):
    booking = hold_seats(make_trip(), "1A")
    sandbox.fault("drop", path=SESSIONS, method="POST", after_effect=True)
    assert start_payment(booking.pk).payment.session_id == sandbox.state["sessions"][0]["id"]
    assert len(sandbox.state["sessions"]) == 1


def test_an_error_that_is_kept_for_its_key_does_not_bar_the_next_try(sandbox):
    booking = hold_seats(make_trip(), "1A")
    sandbox.fault("error", path=SESSIONS, method="POST", status=500)
    with pytest.raises(GatewayError):
        start_payment(booking.pk)
    assert fresh(booking).status == "pending"
    assert start_payment(booking.pk).payment.checkout_url
    assert list(Payment.objects.order_by("created_at").values_list("status", flat=True)) == ["cancelled", "pending"]


def test_a_gateway_that_asks_us_to_wait_is_told_to_the_caller(sandbox, web):
    with travellers(web, 1) as (traveller,):
        booking = hold_seats(make_trip(), "1A", owner_id=traveller.user_id)
        sandbox.fault("rate_limit", path=SESSIONS, method="POST", retry_after=7)
        answer = traveller.post(f"bookings/{booking.reference}/payments", {"gateway": "stripe"})
        assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
        assert answer.headers["Retry-After"] == "7"


# --------------------------------------------------------------------------------------------------------- refunds
@pytest.mark.parametrize("kind", ["timeout", "drop"])
def test_no_answer_after_the_gateway_paid_a_refund_leaves_one_refund(sandbox, kind):
    booking, _payment = buy(sandbox, "1A")
    cancel(booking.pk, Wish())
    more = {"seconds": 1.5} if kind == "timeout" else {}
    sandbox.fault(kind, path=REFUNDS, method="POST", after_effect=True, times=3, **more)
    assert send_refunds()["waiting"] == 1
    assert Refund.objects.get().status == "requested"
    sandbox.clear_faults()
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert len(sandbox.objects("refunds")) == 1
    assert (Refund.objects.get().status, RefundAttempt.objects.count()) == ("succeeded", 1)
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("done", [True, False])
def test_an_error_of_the_gateways_own_is_looked_up_before_anything_is_sent_again(sandbox, done):
    booking, _payment = buy(sandbox, "1A")
    cancel(booking.pk, Wish())
    sandbox.fault("error", path=REFUNDS, method="POST", status=500, after_effect=done)
    assert send_refunds()["waiting"] == 1
    (refund,) = Refund.objects.all()
    assert (refund.status, refund.attempts.get().is_unclear) == ("submitting", True)
    assert send_refunds() == {"sent": 0, "asked": 0, "failed": 0, "waiting": 0, "skipped": 0}  # the lease still runs
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert len(sandbox.objects("refunds")) == 1
    assert [one.number for one in refund.attempts.order_by("number")] == ([1] if done else [1, 2])
    assert fresh(refund).status == "succeeded"
    assert_gateway_agrees(sandbox)


def test_a_gateway_that_asks_us_to_wait_is_waited_for(sandbox):
    booking, _payment = buy(sandbox, "1A")
    cancel(booking.pk, Wish())
    sandbox.fault("rate_limit", path=REFUNDS, method="POST", retry_after=3_600)
    assert send_refunds()["waiting"] == 1
    with as_owner() as cursor:
        cursor.execute("SELECT status, due_at > berth_now() + interval '59 minutes' FROM payments_refund")
        assert cursor.fetchone() == ("requested", True)


def test_a_wrong_key_fails_no_refund(sandbox, settings):
    booking, _payment = buy(sandbox, "1A")
    cancel(booking.pk, Wish())
    right, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_of_somebody_else"
    assert send_refunds()["waiting"] == 1
    settings.STRIPE_SECRET_KEY = right
    for _look in range(2):
        lapse_refunds()
        send_refunds()
    assert Refund.objects.get().status == "succeeded"
    assert len(sandbox.objects("refunds")) == 1


def test_the_webhook_of_a_refund_comes_before_its_answer(sandbox, web):
    """woocommerce 2724: one refund, one entry, however late the answer is."""
    booking, payment = buy(sandbox, "1A")
    give_courtesy(payment.pk, 500, note="sorry")
    sandbox.mode(answer_delay_seconds=0.8)
    send_refunds()
    sandbox.mode(answer_delay_seconds=0)
    (refund,) = Refund.objects.all()
    assert refund.status == "succeeded"
    wait_until(lambda: all(one["state"] != "pending" for one in sandbox.state["deliveries"]), "the webhooks")
    assert JournalEntry.objects.filter(kind="partial_refund").count() == 1
    assert (Refund.objects.count(), RefundAttempt.objects.count()) == (1, 1)
    assert fresh(booking).refunded_amount == 500
    assert_gateway_agrees(sandbox)


# --------------------------------------------------------------------------------------------------------- circuit
def test_a_gateway_that_is_down_is_said_to_be_at_once(sandbox, settings, monkeypatch):
    trip = make_trip()
    bookings = [hold_seats(trip, f"{row}A") for row in range(1, 4)]
    payment = start_payment(bookings[0].pk).payment
    here, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    for _call in range(circuit.FAILURES):
        with pytest.raises(GatewayUnavailable) as silent:
            start_payment(bookings[1].pk)
    assert "circuit" not in silent.value.members
    began = time.monotonic()
    with pytest.raises(GatewayUnavailable) as refused:
        start_payment(bookings[1].pk)
    assert time.monotonic() - began < 0.2
    assert 0 < refused.value.members["retry_after"] <= circuit.PAUSE
    assert fresh(bookings[1]).status == "pending_payment"  # the hold goes on

    settings.STRIPE_API_BASE = here
    with pytest.raises(Problem):
        start_payment(bookings[2].pk)  # still open: nobody has tried yet
    real = time.monotonic
    monkeypatch.setattr(circuit.time, "monotonic", lambda: real() + circuit.PAUSE + 1)
    assert start_payment(bookings[1].pk).payment.checkout_url
    assert start_payment(bookings[2].pk).payment.checkout_url
    assert payment.checkout_url
