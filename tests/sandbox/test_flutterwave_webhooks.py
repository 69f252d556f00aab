"""What Flutterwave tells by itself: the bodies, the secret, and how often."""

import json
import time

import pytest

from tests.sandbox.conftest import wait_until
from tests.sandbox.flutterwave import WEBHOOK_SECRET


def hooks(receiver, count):
    """The first so many webhooks, once there are so many."""
    wait_until(lambda: len(receiver.hooks) >= count, f"{count} webhooks")
    return receiver.hooks[:count]


def deliveries(sandbox):
    return [one for one in sandbox.state()["deliveries"] if one["event"].startswith("flw_evt_")]


def test_a_payment_is_told_with_the_secret_and_no_id_of_its_own(flutterwave, receiver):
    paid = flutterwave.pay(meta={"booking": "K7QXW3PM"})
    [hook] = hooks(receiver, 1)
    assert hook.headers["verif-hash"] == WEBHOOK_SECRET
    meta = paid.pop("meta")
    assert hook.event == {
        "event": "charge.completed",
        "data": paid,
        "meta_data": meta,
        "event.type": "CARD_TRANSACTION",
    }
    [event] = flutterwave.state()["events"]
    assert event["id"] not in hook.body.decode()


def test_a_declined_card_is_told_as_completed_too(flutterwave, receiver):
    flutterwave.pay(method="declined")
    [hook] = hooks(receiver, 1)
    assert (hook.event["event"], hook.event["data"]["status"]) == ("charge.completed", "failed")


@pytest.mark.parametrize(("success", "status"), [(True, "successful"), (False, "failed")])
def test_a_transfer_is_told_twice_under_one_id(flutterwave, receiver, success, status):
    waiting = flutterwave.pay(method="bank_transfer")
    hooks(receiver, 1)
    flutterwave.control("settle", transaction=waiting["id"], success=success)
    told = [(hook.event["data"]["id"], hook.event["data"]["status"]) for hook in hooks(receiver, 2)]
    assert told == [(waiting["id"], "pending"), (waiting["id"], status)]


@pytest.mark.parametrize(
    ("outcome", "status", "meta"),
    [
        ("completed", "completed-mpgs", {"source": "availablebalance"}),
        ("failing", "completed", {"source": "availablebalance", "disburse_status": "failed"}),
    ],
)
def test_a_refund_is_told_flat_and_in_other_words(flutterwave, receiver, outcome, status, meta):
    flutterwave.sandbox.control("mode", flutterwave_refund_outcome=outcome)
    paid = flutterwave.pay(amount=100)
    refund = flutterwave.refund(paid, amount=25.5, comments="r-1")
    hook = hooks(receiver, 2)[1]
    assert hook.headers["verif-hash"] == WEBHOOK_SECRET
    assert "event" not in hook.event
    told = {
        name: hook.event[name] for name in ("id", "AmountRefunded", "status", "TransactionId", "FlwRef", "comments")
    }
    assert told == {
        "id": refund["id"],
        "AmountRefunded": 25.5,
        "status": status,
        "TransactionId": paid["id"],
        "FlwRef": paid["flw_ref"],
        "comments": "r-1",
    }
    assert json.loads(hook.event["meta"]) == meta


def test_only_200_counts(flutterwave, receiver):
    answers = iter([201, 204, 500, 200])
    receiver.answer = lambda hook: next(answers)
    flutterwave.pay()
    wait_until(lambda: deliveries(flutterwave.sandbox)[0]["state"] == "delivered", "the answer that counts")
    [delivery] = deliveries(flutterwave.sandbox)
    assert [one["status"] for one in delivery["tries"]] == [201, 204, 500, 200]
    assert len({hook.body for hook in receiver.hooks}) == 1


def test_a_slow_answer_is_waited_for(flutterwave, receiver):
    receiver.answer = lambda hook: time.sleep(1) or 200
    flutterwave.pay()
    wait_until(lambda: deliveries(flutterwave.sandbox)[0]["state"] == "delivered", "the answer")
    assert len(receiver.hooks) == 1


def test_held_dropped_and_copied_webhooks(flutterwave, receiver):
    sandbox = flutterwave.sandbox
    sandbox.control("mode", delivery="hold", copies=2)
    flutterwave.pay()
    sandbox.session()
    assert [one["state"] for one in deliveries(sandbox)] == ["held", "held"]
    [event] = flutterwave.state()["events"]
    released = sandbox.control("release", order=[event["id"]])["deliveries"]
    assert [(one["event"], one["status"]) for one in released] == [(event["id"], 200)] * 2
    sandbox.control("mode", delivery="drop")
    flutterwave.again()
    assert [one["state"] for one in deliveries(sandbox)][2:] == ["dropped", "dropped"]
    assert len(receiver.hooks) == 2


def test_both_gateways_are_told_apart(flutterwave, receiver):
    sandbox = flutterwave.sandbox
    sandbox.control("mode", order="shuffled", charge_updated_delay_seconds=3600)
    sandbox.pay()
    flutterwave.pay()
    told = hooks(receiver, 5)
    assert sorted("stripe-signature" in hook.headers for hook in told) == [False, True, True, True, True]
    assert sorted("verif-hash" in hook.headers for hook in told) == [False, False, False, False, True]


def test_a_webhook_is_delivered_again_by_hand(flutterwave, receiver):
    flutterwave.pay()
    hooks(receiver, 1)
    [event] = flutterwave.state()["events"]
    assert flutterwave.sandbox.control("deliver", event=event["id"], times=3, concurrently=True) == [200] * 3
    assert {hook.body for hook in receiver.hooks} == {receiver.hooks[0].body}


def test_any_body_can_be_sent_with_any_secret(flutterwave, receiver):
    receiver.answer = lambda hook: 200 if hook.headers["verif-hash"] == WEBHOOK_SECRET else 400
    lie = {"event": "charge.completed", "data": {"id": 1, "tx_ref": "berth-1", "amount": 1}}
    assert flutterwave.control("webhook", body=lie) == {"status": 200, "answer": '{"received": true}'}
    assert flutterwave.control("webhook", body="no JSON", secret="guessed")["status"] == 400
    true_to_the_letter, other = receiver.hooks
    assert true_to_the_letter.event == lie
    assert (other.body, other.headers["verif-hash"]) == (b"no JSON", "guessed")
    assert flutterwave.state()["events"] == []


def test_nobody_at_the_address_is_told_by_null(flutterwave):
    flutterwave.control("endpoint", url="http://127.0.0.1:9/nobody", secret="other")
    answer = flutterwave.control("webhook", body={})
    assert answer["status"] is None
    assert answer["answer"].startswith("ConnectError")
