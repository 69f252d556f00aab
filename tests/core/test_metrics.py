"""Metrics: what happened is counted, how things stand is read anew, and strangers see none of it."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bookings.actions.release import give_up
from bookings.errors import SeatUnavailable
from core import jobs, outbox
from core.models import JobRun, OutboxMessage
from embedded.ports import free_ports
from payments.models import GatewayEvent
from tests.services import ROOT
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db
REFUSAL = SeatUnavailable.code


def told(**headers: str) -> dict[str, float]:
    """Every figure of /metrics by its name and labels."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_requests_are_timed_by_route_and_never_by_what_callers_make_up():
    labels = {"route": "api/v1/trips/<int:trip_id>", "method": "GET", "status": "404"}
    before = counted("berth_request_seconds_count", **labels)
    Client().get("/api/v1/trips/1234567")
    Client().get("/api/v1/trips/7654321")
    assert counted("berth_request_seconds_count", **labels) == before + 2
    Client().generic("BREW", "/made-up/by/the/caller")
    unknown = {"route": "none", "method": "other"}
    assert sum(counted("berth_request_seconds_count", **unknown, status=str(code)) for code in (404, 405)) >= 1
    assert not any("made-up" in name or "BREW" in name for name in told())


def test_a_change_of_state_counts_once_it_is_committed_and_not_before(django_capture_on_commit_callbacks):
    labels = {"model": "bookings.booking", "old": "pending", "new": "cancelled"}
    booking = hold_seats(make_trip(), "1A")
    before = counted("berth_transitions_total", **labels)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        give_up(booking, reason="changed their mind")
        raise ZeroDivisionError
    assert counted("berth_transitions_total", **labels) == before
    booking.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        give_up(booking, reason="changed their mind")
    assert counted("berth_transitions_total", **labels) == before + 1


def test_holds_are_counted_by_what_came_of_them():
    trip = make_trip()
    held, refused = counted("berth_holds_total", outcome="held"), counted("berth_holds_total", outcome=REFUSAL)
    hold_seats(trip, "1A")
    with pytest.raises(SeatUnavailable):
        hold_seats(trip, "1A")
    assert counted("berth_holds_total", outcome="held") == held + 1
    assert counted("berth_holds_total", outcome=REFUSAL) == refused + 1
    figures = told()
    assert (figures["berth_bookings_holding"], figures["berth_seats_held"]) == (1, 1)


def test_what_waits_in_the_outbox_is_told_with_its_age_and_what_was_given_up_apart():
    assert told()["berth_outbox_oldest_seconds"] == 0
    outbox.enqueue("booking.confirmed", "first")
    outbox.enqueue("booking.confirmed", "second")
    outbox.enqueue("booking.confirmed", "third")
    OutboxMessage.objects.filter(subject="first").update(created_at=timezone.now() - timedelta(minutes=5))
    OutboxMessage.objects.filter(subject="third").update(status="failed")
    figures = told()
    assert (figures["berth_outbox_waiting"], figures["berth_outbox_given_up"]) == (2, 1)
    assert 300 <= figures["berth_outbox_oldest_seconds"] < 320


def test_of_each_job_the_end_of_its_last_run_is_told_and_whether_it_failed(monkeypatch):
    jobs.run("cleanup_outbox")
    monkeypatch.setattr("core.outbox.drain", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jobs.run("drain_outbox")
    JobRun.objects.create(job="cleanup_outbox", started_at=timezone.now(), correlation_id="under way")
    figures = told()
    assert figures["berth_job_failed job=cleanup_outbox"] == 0
    assert figures["berth_job_failed job=drain_outbox"] == 1
    assert figures["berth_job_ended_seconds job=cleanup_outbox"] == pytest.approx(timezone.now().timestamp(), abs=20)
    assert figures["berth_job_seconds_count job=drain_outbox outcome=failed"] >= 1


def test_gateway_events_that_wait_are_told_apart_from_those_that_nobody_tries_again():
    def store(event_id: str, minutes: int, **more: object) -> None:
        at = timezone.now() - timedelta(minutes=minutes)
        GatewayEvent.objects.create(
            gateway="stripe", event_id=event_id, type="charge.updated", body="{}", received_at=at, next_attempt_at=at,
            **more,
        )  # fmt: skip

    store("evt_waits", 10)
    store("evt_given_up", 600, retry_count=5)
    store("evt_done", 900, processed_at=timezone.now())
    figures = told()
    assert figures["berth_events_waiting gateway=stripe"] == 1
    assert figures["berth_events_given_up gateway=stripe"] == 1
    assert 600 <= figures["berth_events_oldest_seconds gateway=stripe"] < 620
    assert figures["berth_events_waiting gateway=flutterwave"] == 0


def test_a_reading_that_fails_is_told_of_and_takes_no_other_with_it(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    figures = told()
    assert figures["berth_reading_failed reading=core.readings.queues"] == 1
    assert figures["berth_reading_failed reading=core.readings.outbox"] == 0
    assert "berth_queue_length queue=emails" not in figures
    assert figures["berth_outbox_waiting"] == 0


def test_tasks_that_wait_for_a_worker_are_counted_by_queue():
    assert told()["berth_queue_length queue=emails"] == 0
    jobs.nudge("drain_outbox")
    jobs.nudge("drain_outbox")
    assert told()["berth_queue_length queue=emails"] == 2


def test_asking_costs_a_fixed_number_of_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        told()


def test_in_production_nobody_without_a_token_learns_that_there_is_anything(settings):
    settings.PRODUCTION = True
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKENS = ["new-token", "old-token"]
    for header in ("", "Bearer wrong", "new-token", "Bearer "):
        assert Client().get("/metrics", headers={"Authorization": header}).status_code == 404
    assert told(Authorization="Bearer new-token")
    assert told(Authorization="Bearer old-token")


COUNT_ONE = """
import django; django.setup()
from bookings.actions.hold import HOLDS
HOLDS.labels("held").inc()
"""
TELL = """
import os, urllib.request
print(urllib.request.urlopen(f"http://127.0.0.1:{os.environ['METRICS_PORT']}/metrics", timeout=10).read().decode())
"""


WORKER = "from celery.signals import worker_ready; import django; django.setup(); worker_ready.send(sender=None)"
WEB = "import config.wsgi, config.metrics; config.metrics.tell_on_own_port()"  # and a sister process


def test_where_there_is_a_port_for_what_is_counted_the_page_tells_how_things_stand_alone(settings):
    settings.METRICS_PORT = 9100
    assert told().keys() >= {"berth_outbox_waiting"}
    assert not any(name.startswith("berth_request_seconds") for name in told())


@pytest.mark.parametrize("teller", [WORKER, WEB])
def test_processes_that_share_a_folder_are_told_of_as_one_on_a_port_of_their_own(tmp_path, teller):
    def run(program: str) -> str:
        folder, port = str(tmp_path / "metrics"), str(free_ports([0])[0])
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder, "METRICS_PORT": port}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    run(COUNT_ONE)
    run(COUNT_ONE)
    assert 'berth_holds_total{outcome="held"} 2.0' in run(teller + TELL)
