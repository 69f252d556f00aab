"""Health: unready only without the database, degraded without the rest."""

import pytest
from django.test import Client
from django.utils import timezone

from config import health
from core.models import JobRun

pytestmark = pytest.mark.django_db


NOTHING_WAITS = {"emails": 0, "scheduled": 0, "webhooks": 0}


def ready():
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json()


def test_alive():
    assert Client().get("/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/mails/"])
def test_what_tells_how_things_stand_is_only_read(path):
    answers = [Client().generic(method, path) for method in ("POST", "PUT", "PATCH", "DELETE")]
    assert {answer.status_code for answer in answers} == {405}
    assert {answer["Allow"] for answer in answers} == {"GET, HEAD"}


def test_a_worker_shows_by_its_jobs():
    ok = {"database": "ok", "cache": "ok", "broker": "ok"}
    assert ready() == (200, {**ok, "worker": "down", "waiting": NOTHING_WAITS})
    JobRun.objects.create(job="drain_outbox", started_at=timezone.now(), correlation_id="x")
    assert ready()[1]["worker"] == "ok"


def test_without_redis_the_service_is_degraded_and_still_ready(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    without = {"database": "ok", "cache": "ok", "broker": "down", "worker": "down", "waiting": None}
    assert ready() == (200, without)


def test_without_the_database_it_is_not_ready(monkeypatch):
    monkeypatch.setattr(health, "_database", lambda: 1 / 0)
    status, report = ready()
    assert (status, report["database"]) == (503, "down")
