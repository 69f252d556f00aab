"""An attempt that was begun is looked up before anything is sent again, whatever kept us from it meanwhile."""

from copy import copy
from datetime import timedelta
from importlib import import_module

import pytest
import stripe

from core.models import OutboxMessage
from payments.actions import refund as refund_module
from payments.actions.cancel import Wish, cancel
from payments.actions.sync import sync
from payments.errors import OutcomeUnknown
from payments.gateways import circuit, gateway
from payments.models import Refund
from tests.payments import flutterwave
from tests.payments.scene import assert_gateway_agrees, buy, fresh, lapse_refunds, send_refunds

pytestmark = pytest.mark.django_db(transaction=True)

GATEWAYS = {"stripe": (buy, assert_gateway_agrees), "flutterwave": (flutterwave.buy, flutterwave.assert_gateway_agrees)}
OUTAGES = [{"kind": "error", "status": 503}, {"kind": "rate_limit", "retry_after": 30}]


@pytest.fixture(autouse=True)
def closed_circuits():
    for name in GATEWAYS:
        circuit.of(name).reset()


@pytest.fixture(params=GATEWAYS)
def name(request) -> str:
    return request.param


@pytest.fixture
def refund(sandbox, name) -> Refund:
    """One seat of two was cancelled, so that the gateway would pay it twice."""
    booking, _payment = GATEWAYS[name][0](sandbox)
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    return Refund.objects.get()


def calls(sandbox, method: str, path: str) -> int:
    asked = [one for one in sandbox.state["requests"] if one["method"] == method]
    return len([one for one in asked if one["path"].endswith(path)])


def posted(sandbox, name: str) -> int:
    """How often the gateway was asked to pay back."""
    return calls(sandbox, "POST", "/v1/refunds" if name == "stripe" else "/refund")


def made(sandbox, name: str) -> list[dict]:
    return sandbox.state["refunds"] if name == "stripe" else sandbox.flutterwave_state["refunds"]


def die_after_sending(refund: Refund) -> None:
    """A worker takes the lease, has the gateway pay, and is killed."""
    leased = refund_module._lease(refund.pk)
    gateway(refund.payment.gateway).refund(leased.attempt)


def end_outage(sandbox, name: str) -> None:
    sandbox.clear_faults()
    circuit.of(name).reset()
    lapse_refunds()


def assert_paid_once(sandbox, name: str, refund: Refund) -> None:
    assert len(made(sandbox, name)) == 1
    assert refund.attempts.get().gateway_refund_id == str(made(sandbox, name)[0]["id"])
    lapse_refunds()
    send_refunds()
    assert fresh(refund).status == "succeeded"
    assert not OutboxMessage.objects.filter(kind="refund.failed").exists()
    GATEWAYS[name][1](sandbox)


@pytest.mark.parametrize("outage", OUTAGES, ids=["503", "429"])
def test_an_outage_of_the_lookup_does_not_make_us_forget_that_it_is_needed(sandbox, name, refund, outage):
    die_after_sending(refund)
    lapse_refunds()
    sandbox.fault(gateway=name, method="GET", path=".*refunds", times=0, **outage)
    for _round in range(2):
        assert send_refunds()["waiting"] == 1
        lapse_refunds()
    end_outage(sandbox, name)
    assert send_refunds()["sent"] == 1
    assert posted(sandbox, name) == 1
    assert_paid_once(sandbox, name, refund)


def test_a_circuit_that_is_open_does_not_make_us_forget_it_either(sandbox, name, refund):
    die_after_sending(refund)
    lapse_refunds()
    for _call in range(circuit.FAILURES):
        circuit.of(name)._note_failure()
    assert send_refunds()["waiting"] == 1
    end_outage(sandbox, name)
    assert send_refunds()["sent"] == 1
    assert posted(sandbox, name) == 1
    assert_paid_once(sandbox, name, refund)


@pytest.mark.parametrize("name", ["stripe"], indirect=True)
def test_an_idempotency_key_is_not_leaned_on_as_it_may_have_expired(sandbox, name, refund):
    sandbox.fault("drop", gateway=name, method="POST", path=".*refunds", after_effect=True, times=0)
    assert send_refunds()["waiting"] == 1
    asked = posted(sandbox, name)
    end_outage(sandbox, name)
    assert send_refunds()["sent"] == 1
    assert posted(sandbox, name) == asked  # the key was good for nothing more: it was found by its name
    assert_paid_once(sandbox, name, refund)


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("unclear", [True, False])
def test_a_lookup_that_is_refused_says_nothing_of_the_refund(sandbox, name, refund, status, unclear):
    if unclear:
        sandbox.fault("error", status=500, gateway=name, method="POST", path=".*refund", after_effect=True)
        send_refunds()
    else:
        die_after_sending(refund)
    lapse_refunds()
    sandbox.fault("error", status=status, gateway=name, method="GET", path=".*refunds", times=0)
    assert send_refunds()["waiting"] == 1
    assert fresh(refund).status == "requested"
    assert refund.attempts.get().is_unclear == unclear
    end_outage(sandbox, name)
    assert send_refunds()["sent"] == 1
    assert_paid_once(sandbox, name, refund)


def test_a_list_that_cannot_be_read_says_nothing_of_it_either(sandbox, name, refund, monkeypatch):
    die_after_sending(refund)
    lapse_refunds()
    with monkeypatch.context() as garbled:
        garbled.setattr(import_module(f"payments.gateways.{name}"), "refund_fact", lambda *_told: {}["amount"])
        assert send_refunds()["waiting"] == 1
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert_paid_once(sandbox, name, refund)


def test_an_answer_that_cannot_be_read_may_hide_a_refund(sandbox, name, refund, monkeypatch):
    module = import_module(f"payments.gateways.{name}")
    real = module.refund_fact
    answers = iter([{}])
    monkeypatch.setattr(module, "refund_fact", lambda told, *more: real(next(answers, told), *more))
    assert send_refunds()["waiting"] == 1
    assert refund.attempts.get().is_unclear
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert_paid_once(sandbox, name, refund)


@pytest.mark.parametrize("name", ["stripe"], indirect=True)
def test_an_answer_that_is_no_object_may_hide_one_too(sandbox, name, refund, monkeypatch):
    real = stripe.Refund.to_dict
    monkeypatch.setattr(stripe.Refund, "to_dict", lambda *_none: {}["to_dict"])
    assert send_refunds()["waiting"] == 1
    assert refund.attempts.get().is_unclear
    monkeypatch.setattr(stripe.Refund, "to_dict", real)
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert_paid_once(sandbox, name, refund)


@pytest.mark.parametrize("name", ["stripe"], indirect=True)
@pytest.mark.parametrize("code", ["balance_insufficient", "insufficient_funds"])
def test_a_balance_that_was_too_low_is_tried_again_under_another_key(sandbox, name, refund, code):
    """Stripe would answer the same key with the same refusal for a day."""
    sandbox.fault("error", status=400, code=code, gateway=name, method="POST", path=".*refunds")
    assert send_refunds()["waiting"] == 1
    assert (fresh(refund).status, refund.attempts.get().is_over) == ("requested", True)
    assert fresh(refund).due_at > refund.due_at + timedelta(minutes=59)  # money does not come in seconds
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]
    assert fresh(refund).status == "succeeded"
    assert len(made(sandbox, name)) == 1
    assert not OutboxMessage.objects.filter(kind="refund.failed").exists()
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("name", ["stripe"], indirect=True)
def test_a_balance_that_is_too_low_for_many_refunds_opens_no_circuit(sandbox, name, refund):
    sandbox.fault("error", status=400, code="balance_insufficient", gateway=name, method="POST", times=0)
    for _round in range(circuit.FAILURES + 1):
        assert send_refunds()["waiting"] == 1
        lapse_refunds()
    assert not circuit.of(name).is_open


@pytest.mark.parametrize("name", ["stripe"], indirect=True)
@pytest.mark.parametrize("done", [True, False])
def test_a_key_that_was_used_with_other_parameters_says_nothing_of_the_refund(sandbox, name, refund, monkeypatch, done):
    """A worker was killed before it could note what it heard; the next one is of another release."""
    sandbox.fault("error", status=500, gateway=name, method="POST", path=".*refunds", after_effect=done)
    with pytest.raises(OutcomeUnknown):
        die_after_sending(refund)
    lapse_refunds()
    monkeypatch.setattr(import_module("payments.gateways.stripe"), "_REFUND", ["charge"])
    if done:
        assert send_refunds()["sent"] == 1
        assert_paid_once(sandbox, name, refund)
        return
    assert send_refunds()["waiting"] == 1
    assert (fresh(refund).status, refund.attempts.get().is_unclear) == ("submitting", True)
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]
    assert len(made(sandbox, name)) == 1


def test_an_attempt_that_a_restored_database_has_lost_is_not_taken_for_a_new_one(sandbox, name, refund):
    """Its numbers were given once more, for another refund of the same payment."""
    leased = refund_module._lease(refund.pk)
    lost = copy(leased.attempt)
    lost.created_at -= timedelta(hours=1)
    gateway(name).refund(lost)
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    assert len(made(sandbox, name)) == 2
    sync(refund.payment_id)
    assert Refund.objects.get(reason="gateway").accounted is False
    assert refund.attempts.get().gateway_refund_id == str(made(sandbox, name)[1]["id"])
    GATEWAYS[name][1](sandbox)
