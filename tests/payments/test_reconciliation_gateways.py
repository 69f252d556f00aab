"""How gateways are asked: a few questions at a time, patiently, and no more once one is down."""

import threading
import time
from datetime import timedelta

import pytest
import structlog
from django.db import connection
from django.utils import timezone

from core.correlation import correlated
from payments.actions.reconcile import Options, asking, reconcile, selection
from payments.errors import GatewayUnavailable
from payments.gateways import circuit
from payments.gateways.stripe import StripeGateway
from payments.models import Payment
from tests.payments import flutterwave
from tests.payments.reconciling import command, findings, paid_unheard, start
from tests.payments.scene import buy, fresh
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
SESSIONS = "/v1/checkout/sessions/"


@pytest.fixture
def four(sandbox) -> list[Payment]:
    """Payments that were paid, and nobody told us."""
    trip = make_trip()
    return [paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B", "1C", "1D")]


def questions(sandbox) -> int:
    """How many calls reached the sandbox's Stripe."""
    return sum(one["path"].startswith("/v1/") for one in sandbox.state["requests"])


def test_a_gateway_that_asks_us_to_wait_is_waited_for(sandbox, four):
    sandbox.fault("rate_limit", path=SESSIONS, retry_after=1, times=3)
    began = time.monotonic()
    report = command()
    assert (report["fixed"], report["skipped"]) == (4, 0)
    assert time.monotonic() - began >= 1
    assert [fault["used"] for fault in sandbox.faults] == [3]


def test_but_not_for_ever(sandbox, four, monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE", 1)
    sandbox.fault("rate_limit", path=SESSIONS, retry_after=2, times=0)
    began = time.monotonic()
    report = command()
    assert time.monotonic() - began < 10
    assert (report["skipped"], report["mismatches"]) == (4, 0)
    assert report["details"] == [
        {
            "subject": "stripe",
            "gateway_id": "",
            "finding": "gateway_unavailable",
            "action": "payments left to the next run: 4",
            "outcome": "skipped",
        }
    ]


def test_a_list_that_is_cut_off_by_a_rate_limit_is_read_again(sandbox, four):
    Payment.objects.update(reconciled_at=None)
    sandbox.fault("rate_limit", path="/v1/charges", retry_after=1, times=2)
    report = command()
    assert (report["fixed"], report["skipped"]) == (4, 0)
    assert [fault["used"] for fault in sandbox.faults] == [2]


def test_a_gateway_that_is_down_ends_nothing_but_its_own_part(sandbox, four):
    _booking, in_naira = flutterwave.buy(sandbox)
    sandbox.pay_flutterwave(in_naira.session_id)
    sandbox.fault("drop", gateway="stripe", times=0)
    report = command()
    assert findings(report) == [
        ("paid_twice", "fixed"),
        ("gateway_unavailable", "skipped"),
        ("gateway_unavailable", "skipped"),
    ]
    assert (report["scanned"], report["skipped"], report["mismatches"]) == (5, 5, 1)
    assert circuit.of("stripe").is_open or circuit.of("stripe")._failures > 0
    assert all(fresh(payment).reconciled_at is None for payment in four), "their turn has not been"
    assert fresh(in_naira).reconciled_at is not None

    sandbox.clear_faults()
    circuit.of("stripe").reset()
    assert command()["fixed"] >= 4


def test_an_open_circuit_is_not_knocked_at(sandbox, four):
    for _time in range(circuit.FAILURES):
        with pytest.raises(GatewayUnavailable), circuit.of("stripe").guarding():
            raise GatewayUnavailable
    before = questions(sandbox)
    began = time.monotonic()
    report = command()
    assert (report["scanned"], report["skipped"], report["fixed"]) == (4, 5, 0)
    assert time.monotonic() - began < 5, "nobody waits for an open circuit"
    assert questions(sandbox) == before


def test_threads_ask_and_see_no_database(sandbox, monkeypatch):
    booking, _payment = buy(sandbox)
    start("2A", booking.trip)
    seen = []
    real = StripeGateway.report

    def report(self, payment):
        facts = real(self, payment)
        context = structlog.contextvars.get_contextvars()
        seen.append((threading.current_thread().name, connection.connection, context.get("correlation_id")))
        return facts

    monkeypatch.setattr(StripeGateway, "report", report)
    with correlated("of-this-run-1234"):
        assert reconcile(Options())["scanned"] == 2
    assert len(seen) == 2
    for thread, its_connection, correlation_id in seen:
        assert thread.startswith("reconcile")
        assert its_connection is None
        assert correlation_id == "of-this-run-1234"


def test_no_more_questions_at_once_than_allowed(sandbox, monkeypatch):
    trip = make_trip()
    for seat in ("1A", "1B", "1C", "1D", "2A", "2B", "2C", "2D"):
        start(seat, trip)
    asked, most = 0, 0
    lock = threading.Lock()

    def report(_self, _payment):
        nonlocal asked, most
        with lock:
            asked += 1
            most = max(most, asked)
        time.sleep(0.1)
        with lock:
            asked -= 1
        return ()

    monkeypatch.setattr(StripeGateway, "report", report)
    assert reconcile(Options())["scanned"] == 8
    assert most == asking.THREADS


def test_a_gateway_that_is_not_offered_any_more_is_not_reached(sandbox, four, settings):
    settings.STRIPE_SECRET_KEY = ""
    report = command()
    assert (report["skipped"], report["mismatches"]) == (4, 0)


def test_a_gateway_that_is_not_offered_any_more_uses_up_nobodys_turn(sandbox, four, settings):
    trip = make_trip("LOS", "ABV", currency="NGN")
    in_naira = [flutterwave.start(flutterwave.hold(seat, trip=trip)) for seat in ("1A", "1B", "1C")]
    Payment.objects.filter(pk__in=[one.pk for one in in_naira]).update(created_at=timezone.now() - timedelta(days=1))
    settings.FLUTTERWAVE_SECRET_KEY = ""
    report = command("--limit", "3")
    assert (report["scanned"], report["skipped"]) == (3, 3)
    assert [one["action"] for one in report["details"] if one["outcome"] == "skipped"] == [
        "payments left to the next run: 3"
    ]
    assert sum(fresh(payment).reconciled_at is not None for payment in four) == 3


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_gateway_that_keeps_silent_uses_up_nobodys_turn(sandbox, four, monkeypatch, dry_run):
    monkeypatch.setattr(selection, "BATCH", 2)
    trip = make_trip("LOS", "ABV", currency="NGN")
    seats = ("1A", "1B", "1C", "1D", "2A", "2B")
    in_naira = [flutterwave.start(flutterwave.hold(seat, trip=trip)) for seat in seats]
    Payment.objects.filter(pk__in=[one.pk for one in in_naira]).update(created_at=timezone.now() - timedelta(days=1))
    sandbox.fault("error", gateway="flutterwave", status=503, times=0)
    report = command("--limit", "4", *(["--dry-run"] if dry_run else []))
    assert report["mismatches"] == 4
    assert "payments left to the next run: 6" in [one["action"] for one in report["details"]]
    assert report["scanned"] == 4 + 6, "two of a batch beyond the fifth silence"


def test_an_answer_that_nobody_understands_holds_up_no_other(sandbox, four, monkeypatch):
    real = StripeGateway.report

    def report(self, payment):
        if payment.pk == four[0].pk:
            raise KeyError("payment_intent")
        return real(self, payment)

    monkeypatch.setattr(StripeGateway, "report", report)
    done = command()
    assert sorted(findings(done)) == [("not_compared", "failed"), *[("paid_at_gateway", "fixed")] * 3]
    assert done["failed"] == 1


def test_a_run_that_is_broken_off_asks_no_more(sandbox, four, monkeypatch):
    """The pool's own end would wait for every question that was not put yet."""
    asked = []

    def report(_self, payment):
        asked.append(payment.pk)
        time.sleep(0.05)
        raise GatewayUnavailable

    monkeypatch.setattr(StripeGateway, "report", report)
    payments = four * 25
    with pytest.raises(KeyboardInterrupt), asking.asker() as ask:
        for _payment, _answer in ask(payments):
            raise KeyboardInterrupt
    assert len(asked) < 20
