"""The sandbox as a program: how it starts, where it refuses to, how it ends, and what it remembers."""

import os
import subprocess
import sys
import time

import pytest

from tests.sandbox.conftest import ROOT, SECRET_KEY, Sandbox, free_port, session_params, wait_until


@pytest.fixture
def own_sandbox(tmp_path, receiver):
    """A process of this test's own, which it may stop."""
    sandbox = Sandbox(tmp_path / "state.sqlite3", receiver.url)
    sandbox.start()
    yield sandbox
    if sandbox.process.poll() is None:
        sandbox.stop()


REFUSALS = [
    ([], {"ENVIRONMENT": "production"}, "does not run in production"),
    (["--host", "0.0.0.0"], {}, "0.0.0.0 is not a loopback address"),
    (["--host", "example.com"], {}, "example.com is not a loopback address"),
    ([], {"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is not set"),
    ([], {"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is not set"),
    ([], {"STRIPE_SECRET_KEY": "sk_live_1234"}, "STRIPE_SECRET_KEY is a live key"),
    ([], {"FLUTTERWAVE_SECRET_KEY": ""}, "FLUTTERWAVE_SECRET_KEY is not set"),
    ([], {"FLUTTERWAVE_WEBHOOK_SECRET": ""}, "FLUTTERWAVE_WEBHOOK_SECRET is not set"),
    ([], {"FLUTTERWAVE_SECRET_KEY": "FLWSECK-1234-X"}, "FLUTTERWAVE_SECRET_KEY is a live key"),
]


def begin(state, arguments, environment):
    command = [sys.executable, "-m", "sandbox", "--port", str(free_port()), "--state", str(state)]
    command += ["--webhook-url", "http://127.0.0.1:9/nobody", *arguments]
    command += ["--flutterwave-webhook-url", "http://127.0.0.1:9/nobody"]
    inherited = {name: value for name, value in os.environ.items() if name != "ENVIRONMENT"}
    given = {"STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": "whsec_x"}
    given |= {"FLUTTERWAVE_SECRET_KEY": "FLWSECK_TEST-x", "FLUTTERWAVE_WEBHOOK_SECRET": "hash", **environment}
    return subprocess.Popen(command, cwd=ROOT, env=inherited | given, stderr=subprocess.PIPE, text=True)


def test_it_refuses_to_start_where_it_has_no_business(tmp_path):
    begun = [
        (begin(tmp_path / "state.sqlite3", arguments, environment), said) for arguments, environment, said in REFUSALS
    ]
    for process, said in begun:
        _, error = process.communicate(timeout=20)
        assert said in error
        assert process.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_it_ends_cleanly_and_fast(own_sandbox):
    began = time.monotonic()
    assert own_sandbox.stop() == 0
    assert time.monotonic() - began < 4


def test_it_does_not_wait_for_a_receiver_when_it_ends(own_sandbox, receiver):
    receiver.answer = lambda hook: time.sleep(8) or 200
    own_sandbox.pay()
    wait_until(lambda: receiver.hooks, "the first hook")
    began = time.monotonic()
    assert own_sandbox.stop() == 0
    assert time.monotonic() - began < 4


def test_two_cannot_share_one_file(own_sandbox):
    second = Sandbox(own_sandbox.state_file)
    try:
        with pytest.raises(AssertionError, match="ended by itself"):
            second.start()
        assert second.process.wait(5) == 1
    finally:
        second.process.kill()
    assert own_sandbox.session().status == "open"


def test_a_restart_forgets_nothing_even_after_a_kill(own_sandbox, receiver):
    client = own_sandbox.client.v1
    receiver.answer = lambda hook: 500 if hook.type == "payment_intent.created" else 200
    own_sandbox.control("mode", charge_updated_delay_seconds=1, settle_after_seconds=1)
    options = {"idempotency_key": "key-1"}
    session = client.checkout.sessions.create(params=session_params(), options=options)
    own_sandbox.control(f"sessions/{session.id}/pay", method="card")
    waiting = own_sandbox.session()
    own_sandbox.control(f"sessions/{waiting.id}/expires_at", in_seconds=1)
    transfer = own_sandbox.pay("bank_transfer")
    receiver.wait_for("checkout.session.completed", 2)
    before = own_sandbox.state()

    own_sandbox.process.kill()
    own_sandbox.process.wait(5)
    receiver.answer = lambda hook: 200
    own_sandbox.start()

    # What was there is there; what was due comes; what failed is repeated.
    receiver.wait_for("charge.updated", 2)
    receiver.wait_for("checkout.session.expired")
    receiver.wait_for("checkout.session.async_payment_succeeded")
    receiver.wait_for("payment_intent.created", 4)
    after = own_sandbox.state()
    assert after["mode"] == before["mode"]
    assert after["requests"][: len(before["requests"])] == before["requests"]
    assert client.checkout.sessions.retrieve(transfer.id).payment_status == "paid"
    replayed = client.checkout.sessions.create(params=session_params(), options=options)
    assert replayed.id == session.id
    assert replayed.last_response.headers["idempotent-replayed"] == "true"


def test_its_clock_stays_turned_over_a_restart(own_sandbox):
    at = int(time.time()) + 300 * 24 * 3600
    own_sandbox.control("clock", at=at)
    own_sandbox.stop()
    own_sandbox.start()
    assert own_sandbox.session().created == pytest.approx(at, abs=30)
