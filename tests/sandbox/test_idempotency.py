"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests"""

import threading
import time

import pytest
import stripe

from tests.sandbox.conftest import session_params, wait_until


def create(sandbox, key, client=None, **changes):
    params = session_params(**changes)
    return (client or sandbox.client).v1.checkout.sessions.create(params=params, options={"idempotency_key": key})


def test_the_same_request_again_replays_the_first_answer(sandbox):
    first = create(sandbox, "key-1")
    again = create(sandbox, "key-1")
    assert again.id == first.id
    assert again.last_response.body == first.last_response.body
    headers = again.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.headers["request-id"] != headers["request-id"]
    assert "idempotent-replayed" not in first.last_response.headers
    assert len(sandbox.state()["sessions"]) == 1


def test_the_order_of_parameters_does_not_matter(sandbox):
    first = create(sandbox, "key-1", metadata={"a": "1", "b": "2"})
    assert create(sandbox, "key-1", metadata={"b": "2", "a": "1"}).id == first.id


def test_a_replay_shows_what_was_true_then(sandbox):
    first = create(sandbox, "key-1")
    sandbox.control(f"sessions/{first.id}/pay", method="card")
    assert create(sandbox, "key-1").status == "open"
    assert sandbox.client.v1.checkout.sessions.retrieve(first.id).status == "complete"


def test_other_parameters_with_the_same_key_are_an_error(sandbox):
    create(sandbox, "key-1")
    with pytest.raises(stripe.IdempotencyError, match="Try using a key other than 'key-1'") as refused:
        create(sandbox, "key-1", amount=1)
    assert refused.value.http_status == 400
    assert refused.value.json_body["error"]["type"] == "idempotency_error"
    assert len(sandbox.state()["sessions"]) == 1


def test_another_endpoint_with_the_same_key_is_an_error(sandbox):
    session = create(sandbox, "key-1")
    with pytest.raises(stripe.IdempotencyError, match="for the same endpoint"):
        sandbox.client.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "key-1"})
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_request_that_failed_validation_leaves_the_key_free(sandbox):
    with pytest.raises(stripe.InvalidRequestError):
        create(sandbox, "key-1", amount=-1)
    assert create(sandbox, "key-1").status == "open"


def test_an_error_of_a_request_that_was_executed_is_replayed(sandbox):
    session = sandbox.pay()
    sessions = sandbox.client.v1.checkout.sessions
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError, match="status of `complete`") as refused:
            sessions.expire(session.id, options={"idempotency_key": "key-1"})
        assert refused.value.headers.get("idempotent-replayed") == replayed


def test_a_key_has_at_most_255_characters(sandbox):
    assert create(sandbox, "k" * 255).status == "open"
    with pytest.raises(stripe.InvalidRequestError, match="up to 255 characters"):
        create(sandbox, "k" * 256)


@pytest.fixture
def slow_answers(sandbox):
    sandbox.control("mode", answer_delay_seconds=0.8)


def in_background(function):
    """Run it in a thread; its result is in the list once the thread has ended."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    return thread, results


def test_a_key_is_in_use_until_its_request_was_answered(sandbox, slow_answers):
    thread, results = in_background(lambda: create(sandbox, "key-1"))
    # The effect comes first, the answer later: that is when a client gives up and asks again.
    wait_until(lambda: sandbox.state()["sessions"], "the effect")
    with pytest.raises(stripe.APIError) as refused:
        create(sandbox, "key-1")
    assert refused.value.http_status == 409
    assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
    thread.join()
    assert create(sandbox, "key-1").id == results[0].id
    assert len(sandbox.state()["sessions"]) == 1


def test_the_sdk_repeats_a_request_whose_key_is_in_use(sandbox, slow_answers):
    thread, _ = in_background(lambda: create(sandbox, "key-1"))
    wait_until(lambda: sandbox.state()["sessions"], "the effect")
    patient = sandbox.client_with(max_network_retries=4)
    assert create(sandbox, "key-1", client=patient).last_response.headers["idempotent-replayed"] == "true"
    thread.join()
    assert 409 in [request["status"] for request in sandbox.state()["requests"]]
    assert len(sandbox.state()["sessions"]) == 1


def test_a_webhook_may_arrive_before_the_answer(sandbox, receiver):
    session = sandbox.session()
    sandbox.control("mode", answer_delay_seconds=0.8)
    thread, results = in_background(lambda: sandbox.client.v1.checkout.sessions.expire(session.id))
    hook = receiver.wait_for("checkout.session.expired")
    thread.join()
    assert results[0].status == "expired"
    assert time.monotonic() - hook.at > 0.2


def test_requests_are_written_down(sandbox):
    create(sandbox, "key-1", client_reference_id="K7QXW3PM")
    create(sandbox, "key-1", client_reference_id="K7QXW3PM")
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.charges.retrieve("ch_1")
    log = sandbox.state()["requests"]
    assert [(one["method"], one["path"], one["status"], one["replayed"]) for one in log] == [
        ("POST", "/v1/checkout/sessions", 200, False),
        ("POST", "/v1/checkout/sessions", 200, True),
        ("GET", "/v1/charges/ch_1", 404, False),
    ]
    assert [one["idempotency_key"] for one in log] == ["key-1", "key-1", None]
    assert log[0]["params"]["client_reference_id"] == "K7QXW3PM"
    assert log[2]["error_code"] == "resource_missing"
