"""The clock of the sandbox, turned: what it dates, what has become due, and the way back."""

import time
from datetime import datetime

import pytest
import stripe

from tests.sandbox.conftest import WEBHOOK_SECRET, session_params

DAY = 24 * 3600


def later(days: float) -> int:
    return int(time.time() + days * DAY)


def turn(sandbox, at):
    return sandbox.control("clock", at=at)["at"]


def is_about(moment, at):
    return 0 <= moment - at < 10


def test_everything_is_dated_by_it_and_it_ticks_on(sandbox, receiver):
    at = later(300)
    assert is_about(turn(sandbox, at), at)
    charge = sandbox.charge()
    hook = receiver.wait_for("checkout.session.completed")
    state = sandbox.state()
    dated = [charge.created, hook.event["created"]]
    dated += [one["created"] for kind in ("sessions", "payment_intents", "balance_transactions") for one in state[kind]]
    dated += [request["at"] for request in state["requests"]]
    dated += [tried["at"] for delivery in state["deliveries"] for tried in delivery["tries"]]
    assert all(is_about(moment, at) for moment in dated)
    taken = [request["seconds"] for request in state["requests"]]
    taken += [tried["seconds"] for delivery in state["deliveries"] for tried in delivery["tries"]]
    assert all(0 < seconds < 10 for seconds in taken)
    before = turn(sandbox, at)
    time.sleep(0.05)
    assert sandbox.session().created - before < 10
    assert sandbox.session().expires_at == pytest.approx(at + DAY, abs=10)


def test_a_signature_is_of_the_time_that_it_is(sandbox, receiver):
    turn(sandbox, later(-2))
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    hook = receiver.wait_for("checkout.session.expired")
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(hook.body, hook.headers["stripe-signature"], WEBHOOK_SECRET)
    three_days = 3 * DAY
    stripe.Webhook.construct_event(hook.body, hook.headers["stripe-signature"], WEBHOOK_SECRET, tolerance=three_days)


def test_what_becomes_due_by_turning_has_happened_by_the_answer(sandbox, receiver):
    session = sandbox.session()
    sandbox.control("mode", settle_after_seconds=DAY / 2, refund_outcome="failing", charge_updated_delay_seconds=0)
    charge = sandbox.charge()
    refund = sandbox.client.v1.refunds.create(params={"charge": charge.id})
    transfer = sandbox.pay("bank_transfer")
    turn(sandbox, later(2))
    state = sandbox.state()
    assert {one["id"]: one["status"] for one in state["sessions"]}[session.id] == "expired"
    assert {one["id"]: one["payment_status"] for one in state["sessions"]}[transfer.id] == "paid"
    assert {one["id"]: one["status"] for one in state["refunds"]} == {refund.id: "failed"}
    receiver.wait_for("checkout.session.expired")
    receiver.wait_for("checkout.session.async_payment_succeeded")
    receiver.wait_for("refund.failed")


def test_a_webhook_that_waits_for_its_time_is_sent(sandbox, receiver):
    sandbox.control("mode", delay_seconds=3600)
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    assert receiver.types == []
    turn(sandbox, later(1))
    receiver.wait_for("checkout.session.expired")


def test_an_idempotency_key_is_forgotten_after_a_day(sandbox):
    def create():
        return sandbox.client.v1.checkout.sessions.create(params=session_params(), options={"idempotency_key": "k"}).id

    first = create()
    turn(sandbox, later(0.9))
    assert create() == first
    turn(sandbox, later(1.1))
    assert create() != first


def test_flutterwave_goes_by_the_same_clock(flutterwave, sandbox):
    sandbox.control("mode", settle_after_seconds=3600)
    flutterwave.link("open", session_duration=30)
    promised = flutterwave.pay("transfer", method="bank_transfer")
    assert promised["status"] == "pending"
    turn(sandbox, later(1))
    assert flutterwave.verify(promised)["status"] == "successful"
    assert "the link is over" in flutterwave.control("pay", 409, tx_ref="open", method="card")["error"]
    paid = flutterwave.pay("card")
    assert datetime.fromisoformat(paid["created_at"]).timestamp() == pytest.approx(later(1), abs=10)


@pytest.mark.parametrize("back", ["null", "reset"])
def test_it_is_turned_back(back, sandbox):
    turn(sandbox, later(300))
    if back == "null":
        turn(sandbox, None)
    else:
        sandbox.control("reset")
    assert is_about(sandbox.session().created, int(time.time()) - 5)


@pytest.mark.parametrize("body", [{}, {"at": "now"}, {"at": True}, {"at": -1}, {"at": 10**12}, {"at": [1]}])
def test_what_is_no_time_is_refused(body, sandbox):
    turn(sandbox, later(300))
    assert "at must be" in sandbox.control("clock", 400, **body)["error"]
    assert sandbox.session().created == pytest.approx(later(300), abs=10)
