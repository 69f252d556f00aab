"""Failures on purpose, as a client on the other end of the connection sees them."""

import http.client
import time

import httpx
import pytest
import requests
import stripe
import urllib3

from tests.sandbox.conftest import SECRET_KEY, Sandbox, session_params
from tests.sandbox.flutterwave import link_fields


def fault(sandbox, kind, expected=200, **wanted):
    return sandbox.control("faults", kind=kind, expected=expected, **wanted)


def used(sandbox):
    return [one["used"] for one in sandbox.http.get("/_control/faults").json()]


def create(sandbox, key=None):
    options = {} if key is None else {"idempotency_key": key}
    return sandbox.client.v1.checkout.sessions.create(params=session_params(), options=options)


def sessions(sandbox):
    return len(sandbox.state()["sessions"])


def get(sandbox, path="/v1/balance", **options):
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    return requests.get(f"{sandbox.url}{path}", headers=headers, **{"timeout": 10} | options)


def test_an_error_instead_of_the_call(sandbox):
    fault(sandbox, "error")
    with pytest.raises(stripe.APIError) as error:
        create(sandbox)
    assert (error.value.http_status, error.value.json_body["error"]["type"]) == (500, "api_error")
    assert error.value.headers["request-id"].startswith("req_")
    assert sessions(sandbox) == 0
    assert create(sandbox).status == "open"
    assert used(sandbox) == [1]


def test_an_error_after_the_effect(sandbox):
    fault(sandbox, "error", after_effect=True)
    with pytest.raises(stripe.APIError):
        create(sandbox)
    assert sessions(sandbox) == 1


def test_an_error_has_the_status_the_code_and_the_header_that_were_asked_for(sandbox):
    fault(sandbox, "error", status=409, code="lock_timeout", retry_after=2)
    with pytest.raises(stripe.APIError) as error:
        create(sandbox)
    assert (error.value.http_status, error.value.json_body["error"]["code"]) == (409, "lock_timeout")
    assert error.value.headers["retry-after"] == "2"


@pytest.mark.parametrize("after_effect", [False, True])
def test_an_idempotency_key_keeps_an_error_as_it_keeps_an_answer(sandbox, after_effect):
    fault(sandbox, "error", after_effect=after_effect)
    for replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as error:
            create(sandbox, "key-1")
        assert error.value.http_status == 500
        assert error.value.headers.get("idempotent-replayed") == replayed
    assert sessions(sandbox) == (1 if after_effect else 0)
    assert create(sandbox, "key-2").status == "open"


def test_a_known_key_is_answered_with_what_it_keeps_whatever_the_fault(sandbox):
    first = create(sandbox, "key-1")
    fault(sandbox, "error")
    assert create(sandbox, "key-1").id == first.id


def test_beyond_the_rate_limit_nothing_happens_and_nothing_is_kept(sandbox):
    fault(sandbox, "rate_limit", retry_after=3)
    with pytest.raises(stripe.RateLimitError) as error:
        create(sandbox, "key-1")
    assert (error.value.http_status, error.value.headers["retry-after"]) == (429, "3")
    assert sessions(sandbox) == 0
    assert "idempotent-replayed" not in create(sandbox, "key-1").last_response.headers


def test_a_dropped_connection_ends_without_an_answer(sandbox):
    fault(sandbox, "drop")
    with pytest.raises(requests.ConnectionError) as error:
        get(sandbox)
    cause = error.value.args[0]
    assert isinstance(cause, urllib3.exceptions.ProtocolError)
    assert isinstance(cause.args[1], http.client.RemoteDisconnected)
    assert get(sandbox).status_code == 200


def test_a_dropped_call_has_no_effect(sandbox):
    fault(sandbox, "drop")
    with pytest.raises(stripe.APIConnectionError):
        create(sandbox, "key-1")
    assert sessions(sandbox) == 0
    assert create(sandbox, "key-1").status == "open"


@pytest.mark.parametrize("kind", ["drop", "timeout"])
def test_an_answer_lost_after_the_effect_is_kept_for_its_key(sandbox, kind):
    fault(sandbox, kind, after_effect=True, seconds=0.1)
    with pytest.raises(stripe.APIConnectionError):
        create(sandbox, "key-1")
    assert sessions(sandbox) == 1
    again = create(sandbox, "key-1")
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert [again.id] == [one["id"] for one in sandbox.state()["sessions"]]


def test_a_long_request_is_dropped_as_a_short_one_is(sandbox):
    fault(sandbox, "drop")
    with pytest.raises(requests.ConnectionError) as error:
        requests.post(f"{sandbox.url}/v1/refunds", data="x" * 300_000, timeout=10)
    assert isinstance(error.value.args[0].args[1], http.client.RemoteDisconnected)


def test_a_timeout_closes_the_connection_in_the_end(sandbox):
    fault(sandbox, "timeout", seconds=0.5)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError) as error:
        get(sandbox)
    assert 0.4 < time.monotonic() - began < 5
    assert isinstance(error.value.args[0].args[1], http.client.RemoteDisconnected)


def test_a_client_that_waits_for_less_sees_its_own_time_out(sandbox):
    fault(sandbox, "timeout", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        get(sandbox, timeout=0.3)
    assert get(sandbox).status_code == 200


def test_others_are_answered_while_one_waits(sandbox):
    fault(sandbox, "timeout", path="/v1/balance$", seconds=60)
    waiting = requests.Session()
    with pytest.raises(requests.ReadTimeout):
        waiting.get(f"{sandbox.url}/v1/balance", timeout=0.2)
    began = time.monotonic()
    assert create(sandbox).status == "open"
    assert time.monotonic() - began < 5


def test_a_fault_happens_to_calls_that_match_only(sandbox):
    fault(sandbox, "error", gateway="stripe", method="POST", path="/v1/refunds/re_[a-z]+/cancel", times=0)
    assert get(sandbox).status_code == 200
    assert sandbox.client.v1.refunds.list().data == []
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            sandbox.client.v1.refunds.cancel("re_x")
    assert used(sandbox) == [2]
    fault(sandbox, "error", path="/v1/balance")
    assert get(sandbox, "/v1/balance_transactions").status_code == 500


def test_a_fault_of_one_gateway_spares_the_other(sandbox):
    fault(sandbox, "error", gateway="flutterwave", status=502, retry_after=1, times=0)
    assert create(sandbox).status == "open"
    refused = get(sandbox, "/flutterwave/v3/anything")
    assert (refused.status_code, refused.headers["retry-after"]) == (502, "1")
    assert refused.json() == {"status": "error", "message": "A failure, as was asked for.", "data": None}


@pytest.mark.parametrize("after_effect", [False, True])
def test_flutterwave_has_no_keys_so_a_lost_answer_may_hide_an_effect(sandbox, flutterwave, after_effect):
    fault(sandbox, "drop", gateway="flutterwave", after_effect=after_effect)
    fault(sandbox, "error", gateway="flutterwave", after_effect=after_effect)
    with pytest.raises(httpx.RemoteProtocolError):
        flutterwave.link()
    assert flutterwave.refusal("POST", "payments", 500, json=link_fields()) == "A failure, as was asked for."
    assert len(flutterwave.state()["links"]) == (2 if after_effect else 0)
    flutterwave.link()
    assert used(sandbox) == [1, 1]


def test_the_control_interface_and_the_pages_never_fail(sandbox):
    fault(sandbox, "drop", times=0)
    assert sandbox.control("mode")["delivery"] == "auto"
    assert sandbox.http.get("/").status_code == 200


def test_faults_happen_in_turn_and_as_often_as_they_were_asked_for(sandbox):
    fault(sandbox, "error", status=500, times=2)
    fault(sandbox, "error", status=503)
    assert [get(sandbox).status_code for _ in range(4)] == [500, 500, 503, 200]
    assert used(sandbox) == [2, 1]
    assert sandbox.state()["faults"][1]["status"] == 503


def test_faults_are_cleared_by_hand_and_by_a_reset(sandbox):
    for clear in (lambda: sandbox.http.delete("/_control/faults"), lambda: sandbox.control("reset")):
        fault(sandbox, "error", times=0)
        assert get(sandbox).status_code == 500
        clear()
        assert used(sandbox) == []
        assert get(sandbox).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "explosion"},
        {"kind": None},
        {"kind": "error", "status": 200},
        {"kind": "error", "gateway": "bank"},
        {"kind": "error", "method": "STEAL"},
        {"kind": "error", "path": "("},
        {"kind": "error", "times": -1},
        {"kind": "timeout", "seconds": "long"},
        {"kind": "rate_limit", "after_effect": True},
        {"kind": "error", "used": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox, wanted):
    assert fault(sandbox, expected=400, **wanted)["error"]
    assert used(sandbox) == []


def test_the_sdk_repeats_a_call_whose_answer_was_lost(sandbox):
    fault(sandbox, "drop", after_effect=True)
    patient = sandbox.client_with(max_network_retries=2)
    session = patient.v1.checkout.sessions.create(params=session_params())
    assert session.last_response.headers["idempotent-replayed"] == "true"
    assert sessions(sandbox) == 1


def test_the_sandbox_ends_while_a_call_waits(tmp_path):
    own = Sandbox(tmp_path / "state.sqlite3")
    own.start()
    fault(own, "timeout", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        get(own, timeout=0.2)
    began = time.monotonic()
    assert own.stop() == 0
    assert time.monotonic() - began < 4
