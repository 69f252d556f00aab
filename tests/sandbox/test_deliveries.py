"""Webhooks: signed, in order, tried again, and sent as the mode says."""

import itertools
import threading
import time

import pytest
import stripe

from tests.sandbox.conftest import WEBHOOK_SECRET, wait_until

FIRST_PAYMENT = ["charge.succeeded", "payment_intent.succeeded", "payment_intent.created", "checkout.session.completed"]


def deliveries_of(sandbox, kind):
    return [delivery for delivery in sandbox.state()["deliveries"] if delivery["type"] == kind]


def test_a_webhook_is_signed_with_the_first_secret(sandbox, receiver):
    sandbox.pay()
    hook = receiver.wait_for("checkout.session.completed")
    header = hook.headers["stripe-signature"]
    event = stripe.Webhook.construct_event(hook.body, header, WEBHOOK_SECRET)
    assert event.type == "checkout.session.completed"
    for wrong in (b" " + hook.body, hook.body.replace(b"12500", b"12501")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(wrong, header, WEBHOOK_SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(hook.body, header, "whsec_second")


def test_the_envelope_of_an_event(sandbox, receiver):
    session = sandbox.pay()
    event = receiver.wait_for("checkout.session.completed").event
    assert event["id"].startswith("evt_")
    assert (event["object"], event["api_version"]) == ("event", "2026-10-28.endive")
    assert (event["livemode"], event["pending_webhooks"]) == (False, 1)
    assert abs(event["created"] - time.time()) < 60
    assert event["data"]["object"]["id"] == session.id
    # Nothing of the sandbox's own is told.
    assert not [name for name in event["data"]["object"] if name.startswith("_")]
    kept = sandbox.client.v1.events.retrieve(event["id"])
    assert kept.to_dict()["data"] == event["data"]


def test_a_delivery_is_written_down_with_its_answer(sandbox, receiver):
    sandbox.pay()
    receiver.wait_for("checkout.session.completed")
    [delivery] = wait_until(
        lambda: [one for one in deliveries_of(sandbox, "checkout.session.completed") if one["state"] == "delivered"],
        "the answer",
    )
    [attempt] = delivery["tries"]
    assert (attempt["status"], attempt["answer"]) == (200, '{"received": true}')
    assert 0 < attempt["seconds"] < 5
    assert abs(attempt["at"] - time.time()) < 60


def test_a_delivery_that_failed_is_tried_again_with_growing_pauses(sandbox, receiver):
    receiver.answer = lambda hook: 500 if len([one for one in receiver.hooks if one.type == hook.type]) < 3 else 200
    session = sandbox.session()
    sandbox.client.v1.checkout.sessions.expire(session.id)
    receiver.wait_for("checkout.session.expired", 3)
    first, second, third = (hook.at for hook in receiver.hooks)
    assert second - first > 0.9
    assert third - second > 1.9
    [delivery] = wait_until(
        lambda: [one for one in deliveries_of(sandbox, "checkout.session.expired") if one["state"] == "delivered"],
        "the answer",
    )
    assert [attempt["status"] for attempt in delivery["tries"]] == [500, 500, 200]
    # Each try is signed anew, the body is the same.
    assert len({hook.headers["stripe-signature"] for hook in receiver.hooks}) == 3
    assert len({hook.body for hook in receiver.hooks}) == 1


def test_a_redirect_is_no_success(sandbox, receiver):
    receiver.answer = lambda hook: 302
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    [delivery] = wait_until(
        lambda: [one for one in deliveries_of(sandbox, "checkout.session.expired") if one["tries"]], "the answer"
    )
    assert (delivery["state"], delivery["tries"][0]["status"]) == ("pending", 302)


def test_nobody_at_the_address_is_a_failed_try(sandbox):
    sandbox.control("endpoint", url="http://127.0.0.1:9/nobody")
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    [delivery] = wait_until(
        lambda: [one for one in deliveries_of(sandbox, "checkout.session.expired") if one["tries"]], "the try"
    )
    assert (delivery["state"], delivery["tries"][0]["status"]) == ("pending", None)
    assert delivery["tries"][0]["answer"].startswith("ConnectError")


def test_a_slow_receiver_blocks_neither_the_api_nor_other_payments(sandbox, receiver):
    release = threading.Event()
    slow = sandbox.session()

    def answer(hook):
        if hook.event["data"]["object"]["id"] == slow.id:
            release.wait(8)
        return 200

    receiver.answer = answer
    sandbox.client.v1.checkout.sessions.expire(slow.id)
    receiver.wait_for("checkout.session.expired")
    began = time.monotonic()
    other = sandbox.pay()
    receiver.wait_for("charge.updated")
    assert time.monotonic() - began < 4
    assert other.payment_status == "paid"
    release.set()


def test_quiet_is_when_every_event_that_is_due_was_answered(sandbox, receiver):
    def answer(hook):
        time.sleep(0.05)
        return 200

    receiver.answer = answer
    sandbox.control("mode", charge_updated_delay_seconds=0)
    sandbox.pay()
    assert sandbox.control("quiet") == {"quiet": True}
    assert {one["state"] for one in sandbox.state()["deliveries"]} == {"delivered"}
    assert len(receiver.hooks) >= 4


def test_the_events_of_one_payment_wait_for_each_other(sandbox, receiver):
    answered = []

    def answer(hook):
        time.sleep(0.05)
        answered.append((hook.at, time.monotonic()))
        return 200

    receiver.answer = answer
    sandbox.pay()
    receiver.wait_for("charge.updated")
    wait_until(lambda: len(answered) == 5, "five answers")
    assert all(following[0] >= earlier[1] for earlier, following in itertools.pairwise(answered))


def test_held_events_wait_until_they_are_released(sandbox, receiver):
    sandbox.control("mode", delivery="hold")
    sandbox.pay()
    assert {delivery["state"] for delivery in sandbox.state()["deliveries"]} == {"held"}
    assert receiver.hooks == []
    released = sandbox.control("release")["deliveries"]
    assert receiver.types[:4] == FIRST_PAYMENT
    assert {one["status"] for one in released} == {200}
    assert sandbox.control("release")["deliveries"] == []


def test_held_events_are_released_in_any_order(sandbox, receiver):
    sandbox.control("mode", delivery="hold", charge_updated_delay_seconds=3600)
    sandbox.pay()
    ids = {event["type"]: event["id"] for event in sandbox.state()["events"]}
    wanted = ["checkout.session.completed", "payment_intent.created"]
    released = sandbox.control("release", order=[ids[kind] for kind in wanted])["deliveries"]
    assert receiver.types == [*wanted, "charge.succeeded", "payment_intent.succeeded"]
    assert [one["event"] for one in released] == [ids[kind] for kind in receiver.types]


def test_what_failed_when_it_was_released_is_tried_again(sandbox, receiver):
    sandbox.control("mode", delivery="hold")
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    receiver.answer = lambda hook: 500 if len(receiver.hooks) == 1 else 200
    assert [one["status"] for one in sandbox.control("release")["deliveries"]] == [500]
    receiver.wait_for("checkout.session.expired", 2)


def test_dropped_events_are_never_sent_but_known(sandbox, receiver):
    sandbox.control("mode", delivery="drop")
    sandbox.pay()
    sandbox.control("mode", delivery="auto")
    later = sandbox.session()
    sandbox.client.v1.checkout.sessions.expire(later.id)
    receiver.wait_for("checkout.session.expired")
    assert set(receiver.types) <= {"checkout.session.expired", "charge.updated"}
    listed = sandbox.client.v1.events.list(params={"type": "checkout.session.completed"})
    assert [event.pending_webhooks for event in listed.data] == [0]
    assert sandbox.control("release")["deliveries"] == []


def test_copies(sandbox, receiver):
    sandbox.control("mode", copies=3)
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    receiver.wait_for("checkout.session.expired", 3)
    assert len({hook.body for hook in receiver.hooks}) <= 2  # pending_webhooks falls to 0 after the first
    assert len({hook.event["id"] for hook in receiver.hooks}) == 1


def test_delay(sandbox, receiver):
    sandbox.control("mode", delay_seconds=0.4)
    began = time.monotonic()
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    assert receiver.wait_for("checkout.session.expired").at - began >= 0.4


def test_shuffled(sandbox, receiver):
    sandbox.control("mode", order="shuffled", charge_updated_delay_seconds=3600)
    for _ in range(6):
        sandbox.pay()
    receiver.wait_for("checkout.session.completed", 6)
    wait_until(lambda: len(receiver.hooks) == 24, "all events")
    orders: dict[str, list[str]] = {}
    for hook in receiver.hooks:
        subject = hook.event["data"]["object"]
        orders.setdefault(subject.get("payment_intent") or subject["id"], []).append(hook.type)
    assert all(sorted(order) == sorted(FIRST_PAYMENT) for order in orders.values())
    # Six times the same order by chance: once in 24 to the fifth power, eight million.
    assert len({tuple(order) for order in orders.values()}) > 1


def test_an_event_is_delivered_again_by_hand(sandbox, receiver):
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    first = receiver.wait_for("checkout.session.expired")
    answers = iter([200, 500, 200])
    receiver.answer = lambda hook: next(answers)
    assert sandbox.control("deliver", event=first.event["id"], times=3) == [200, 500, 200]
    assert receiver.types == ["checkout.session.expired"] * 4


def test_an_event_is_delivered_at_once_many_times(sandbox, receiver):
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    first = receiver.wait_for("checkout.session.expired")
    together = threading.Barrier(20, timeout=8)

    def answer(hook):
        together.wait()  # only twenty at the same time get past this
        return 200

    receiver.answer = answer
    assert sandbox.control("deliver", event=first.event["id"], times=20, concurrently=True) == [200] * 20


def test_by_hand_needs_an_event(sandbox):
    sandbox.control("deliver", event="evt_1", expected=404)
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    [event] = sandbox.state()["events"]
    sandbox.control("deliver", event=event["id"], times=0, expected=400)


def test_a_signature_for_a_body_of_one_s_own(sandbox):
    body = '{"id": "evt_1", "object": "event", "type": "charge.updated"}'
    header = sandbox.control("sign", body=body)["header"]
    assert stripe.Webhook.construct_event(body, header, WEBHOOK_SECRET).id == "evt_1"
    old = sandbox.control("sign", body=body, timestamp=int(time.time()) - 600)["header"]
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(body, old, WEBHOOK_SECRET)
    sandbox.control("sign", expected=400)


def test_the_endpoint_can_be_moved(sandbox, receiver):
    sandbox.control("endpoint", url=receiver.url, secret="whsec_other")
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    hook = receiver.wait_for("checkout.session.expired")
    stripe.Webhook.construct_event(hook.body, hook.headers["stripe-signature"], "whsec_other")
    sandbox.control("endpoint", url="file:///etc/passwd", expected=400)


@pytest.mark.parametrize(
    "change",
    [
        {"delivery": "sometimes"},
        {"order": "alphabetical"},
        {"copies": 0},
        {"copies": True},
        {"copies": 1.5},
        {"delay_seconds": -1},
        {"delay_seconds": None},
        {"volume": 11},
    ],
)
def test_a_mode_that_makes_no_sense_changes_nothing(sandbox, change):
    before = sandbox.http.get("/_control/mode").json()
    sandbox.control("mode", expected=400, **change)
    assert sandbox.http.get("/_control/mode").json() == before


def test_the_mode_is_told_and_changed_in_part(sandbox):
    changed = sandbox.control("mode", copies=2, delivery="hold")
    assert changed == sandbox.http.get("/_control/mode").json()
    assert (changed["copies"], changed["delivery"], changed["order"]) == (2, "hold", "created")


def test_a_reset_forgets_everything_and_calls_back_what_is_on_its_way(sandbox, receiver):
    receiver.answer = lambda hook: 500
    session = sandbox.pay()
    receiver.wait_for("checkout.session.completed")
    sandbox.control("mode", copies=5)
    sandbox.control("reset")
    state = sandbox.state()
    assert [state[name] for name in ("sessions", "charges", "events", "deliveries", "requests")] == [[]] * 5
    assert (state["mode"]["copies"], state["mode"]["charge_updated_delay_seconds"]) == (1, 3)
    with pytest.raises(stripe.InvalidRequestError, match="No such checkout"):
        sandbox.client.v1.checkout.sessions.retrieve(session.id)
    seen = len(receiver.hooks)
    time.sleep(1.3)  # the first repetition would have come after one second
    assert len(receiver.hooks) == seen


def test_control_speaks_json(sandbox):
    assert sandbox.http.post("/_control/mode", content="copies=2").status_code == 400
    assert sandbox.http.post("/_control/mode", json=[1]).status_code == 400
    sandbox.control("sessions/cs_1/pay", method="card", expected=404)
    sandbox.control(f"sessions/{sandbox.session().id}/pay", method="cash", expected=400)
