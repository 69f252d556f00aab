"""Two workers and fifty refunds at a gateway that cannot tell a repeat: fifty calls, whatever becomes of a worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from core.faults import after, before
from payments.actions import refund as refund_module
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.refund import Leased, _latest, _new_attempt, process_due_refunds
from payments.models import Refund
from tests.payments.flutterwave import assert_gateway_agrees, buy
from tests.payments.scene import lapse_refunds
from tests.races.rivals import at_once
from tests.services import LOGS, ROOT, environment
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)

REFUNDS = 50


@pytest.fixture
def owed(sandbox) -> None:
    """Fifty bookings that were paid and cancelled."""
    trip = make_trip("LOS", "ABV", currency="NGN", rows=13)
    for number in range(REFUNDS):
        booking, _payment = buy(sandbox, f"{number // 4 + 1}{'ABCD'[number % 4]}", trip=trip)
        cancel(booking.pk, Wish())
    assert Refund.objects.filter(status="requested").count() == REFUNDS


def calls(sandbox) -> int:
    return len(sandbox.flutterwave_state["refunds"])


@contextmanager
def worker(name: str, sandbox, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that sends what is due."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "manage.py", "process_refunds"],
            cwd=ROOT,
            env=environment(FLUTTERWAVE_API_BASE=sandbox.flutterwave_base, **env),
            stdout=log,
            stderr=log,
        )
    try:
        yield started
        started.wait(120)
    finally:
        if started.poll() is None:
            os.kill(started.pid, signal.SIGKILL)
            started.wait()


def assert_all_paid_once(sandbox) -> None:
    for _look in range(2):  # what was accepted is asked about until it is paid
        lapse_refunds()
        process_due_refunds()
    assert calls(sandbox) == REFUNDS
    assert Refund.objects.filter(status="succeeded").count() == REFUNDS
    assert_gateway_agrees(sandbox)


def test_two_workers_make_fifty_calls(sandbox, owed):
    with ExitStack() as both:
        for name in ("refunds-1", "refunds-2"):
            both.enter_context(worker(name, sandbox))
    assert_all_paid_once(sandbox)


@pytest.mark.parametrize("point", [before("flutterwave refund"), after("flutterwave refund")])
def test_one_that_is_killed_between_lease_and_answer_leaves_fifty_calls(sandbox, owed, tmp_path, point):
    armed = Path(tmp_path / "armed")
    armed.write_text(point)
    with worker("refunds-1", sandbox, FAULT_FILE=str(armed)) as doomed, worker("refunds-2", sandbox):
        pass
    assert doomed.returncode == -signal.SIGKILL
    assert not armed.exists()
    assert Refund.objects.filter(status="submitting").count() == 1
    assert_all_paid_once(sandbox)


def test_without_the_lease_two_workers_pay_twice(sandbox, monkeypatch):
    def take_without_asking(refund_id: int) -> Leased:
        attempt = _latest(refund_id)
        assert attempt is not None
        return Leased(attempt, again=False)

    monkeypatch.setattr(refund_module, "_leased", take_without_asking)
    monkeypatch.setattr(Refund, "keep_lease", lambda _refund: True)
    _booking, payment = buy(sandbox, "1A")
    refund = give_courtesy(payment.pk, 100, note="sorry")
    _new_attempt(refund.pk, None)
    at_once(*[partial(refund_module.submit, refund.pk)] * 2)
    assert calls(sandbox) == 2
