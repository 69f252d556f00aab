"""Jobs: declared once, run from beat, a command or over HTTP, and recorded."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, ManagementUtility, call_command
from django.test import Client
from django.utils import timezone

from core import jobs
from core.models import JobRun, OutboxMessage

pytestmark = pytest.mark.django_db

NAMES = [
    "calculate_settlements",
    "checkpoint_ledger",
    "cleanup_idempotency",
    "cleanup_outbox",
    "cleanup_sessions",
    "drain_outbox",
    "earn_departed",
    "expire_holds",
    "forget_travellers",
    "match_payouts",
    "process_refunds",
    "reconcile_payments",
    "remind_of_holds",
    "retry_webhooks",
]


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.JOBS_SECRETS = ["new-secret", "old-secret"]


def test_every_job_has_a_task_a_schedule_and_a_command():
    assert [job.name for job in jobs.registered()] == NAMES
    for job in jobs.registered():
        entry = current_app.conf.beat_schedule[job.name]
        assert entry["task"] in current_app.tasks
        assert entry["options"]["queue"] in ("emails", "webhooks", "scheduled")
        out = StringIO()
        call_command(job.name, "--json", stdout=out)
        assert isinstance(json.loads(out.getvalue()), dict)
        assert job.help


def test_a_run_is_recorded_with_its_counts_and_correlation_id():
    assert jobs.run("drain_outbox") == {"sent": 0, "failed": 0}
    run = JobRun.objects.get()
    assert (run.job, run.result, run.error) == ("drain_outbox", {"sent": 0, "failed": 0}, "")
    assert run.ended_at >= run.started_at
    assert len(run.correlation_id) == 32


def test_help_lists_the_jobs_with_the_other_commands(capsys):
    ManagementUtility(["manage.py", "help"]).execute()
    listed = capsys.readouterr().out
    assert "[jobs]" in listed
    assert [name for name in NAMES if f"    {name}\n" not in listed] == []


def test_a_job_that_refuses_says_why_and_shows_no_traceback(caplog):
    with pytest.raises(CommandError, match="Write a month as 2026-10"):
        call_command("calculate_settlements", "--month", "nov")
    (logged,) = [record for record in caplog.records if record.name == "core.jobs"]
    assert (logged.levelname, logged.exc_info) == ("WARNING", None)
    assert JobRun.objects.get().error == "month: Write a month as 2026-10."


def test_a_run_that_fails_is_recorded_with_its_error(monkeypatch):
    broken = jobs.Job("broken", lambda: 1 / 0, current_app.conf.beat_schedule["drain_outbox"]["schedule"], "scheduled")
    monkeypatch.setitem(jobs._registry, "broken", broken)
    with pytest.raises(ZeroDivisionError):
        jobs.run("broken")
    run = JobRun.objects.get()
    assert "ZeroDivisionError" in run.error
    assert run.ended_at


def test_over_http_a_secret_is_needed_and_each_of_the_rotated_ones_is_good():
    OutboxMessage.objects.all().delete()
    for headers in ({}, {"X-Jobs-Secret": ""}, {"X-Jobs-Secret": "wrong"}, {"X-Jobs-Secret": "new-secret,old-secret"}):
        for answer in (
            Client().get("/api/v1/jobs", headers=headers),
            Client().post("/api/v1/jobs/drain_outbox", "", content_type="application/json", headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert not JobRun.objects.exists()
    for secret in ("new-secret", "old-secret"):
        answer = Client().generic("POST", "/api/v1/jobs/drain_outbox", headers={"X-Jobs-Secret": secret})
        assert (answer.status_code, answer.json()) == (200, {"sent": 0, "failed": 0})
    listed = Client().get("/api/v1/jobs", headers={"X-Jobs-Secret": "new-secret"}).json()["results"]
    assert [line["name"] for line in listed] == NAMES
    assert next(line for line in listed if line["name"] == "drain_outbox")["result"] == {"sent": 0, "failed": 0}


def test_the_next_run_of_each_job_is_told_as_beat_will_ask_for_it():
    """At 3:00 on the 1st, every ten minutes, every minute: to the second, and never in the past."""
    listed = Client().get("/api/v1/jobs", headers={"X-Jobs-Secret": "new-secret"}).json()["results"]
    told = {line["name"]: datetime.fromisoformat(line["next_at"]) for line in listed}
    now = timezone.now()
    assert told.keys() == set(NAMES)
    assert all(now - timedelta(seconds=5) < at and (at.second, at.microsecond) == (0, 0) for at in told.values())
    assert told["drain_outbox"] - now <= timedelta(minutes=1)
    assert told["process_refunds"].minute % 10 == 0
    assert (told["calculate_settlements"].day, told["calculate_settlements"].hour) == (1, 3)


def test_without_any_secret_set_nobody_runs_jobs(settings):
    settings.JOBS_SECRETS = []
    assert Client().generic("POST", "/api/v1/jobs/drain_outbox", headers={"X-Jobs-Secret": ""}).status_code == 401


def test_unknown_jobs_and_options_are_named():
    headers = {"X-Jobs-Secret": "new-secret"}
    assert Client().generic("POST", "/api/v1/jobs/nothing", headers=headers).status_code == 404
    answer = Client().post(
        "/api/v1/jobs/drain_outbox", '{"limit": 5}', content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "limit")
