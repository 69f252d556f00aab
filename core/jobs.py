"""Background jobs, declared once: the registry makes of each a Celery task with its beat entry, a management command
and POST /api/v1/jobs/{name}. Every job is safe to run twice at once and to be killed at any statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import Celery, shared_task
from celery.schedules import BaseSchedule, crontab
from django.utils import timezone
from prometheus_client import Histogram

from core import nudges, outbox
from core.actors import acting_as
from core.clean_up import delete_in_batches
from core.clock import BerthNow, from_now
from core.correlation import correlated
from core.errors import Problem
from core.models import IdempotencyRecord, JobRun, OutboxMessage

log = structlog.get_logger(__name__)

RUNS = Histogram("berth_job_seconds", "Runs of jobs", ["job", "outcome"], buckets=(0.1, 1, 10, 60, 300, 1800))

KEEP_SENT = timedelta(days=30)
KEEP_FAILED = timedelta(days=180)
KEEP_RUNS = timedelta(days=90)  # so that even of a monthly job some are there to look at

Result = dict[str, Any]


@dataclass(frozen=True)
class Option:
    """An option of a job's management command: `--name`, its type and default."""

    name: str
    type: type
    default: Any
    help: str


@dataclass(frozen=True)
class Job:
    """A job: its work, its schedule, and the options that it takes."""

    name: str
    work: Callable[..., Result]
    schedule: BaseSchedule
    queue: str
    options: tuple[Option, ...] = field(default=())

    @property
    def help(self) -> str:
        """The first line of the work's docstring."""
        return (self.work.__doc__ or "").strip().split("\n")[0]

    @property
    def next_at(self) -> datetime:
        """When beat asks for it next, to the second."""
        now = self.schedule.now()
        return (now + self.schedule.remaining_estimate(now) + timedelta(seconds=0.5)).replace(microsecond=0)


_registry: dict[str, Job] = {}


def job(
    *, schedule: BaseSchedule, queue: str = "scheduled", options: tuple[Option, ...] = ()
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Declare a function as a job under its own name. It returns counts, which are kept with the run."""

    def declare(work: Callable[..., Result]) -> Callable[..., Result]:
        name = work.__name__
        if name in _registry:
            raise ValueError(f"Two jobs are named {name}.")
        _registry[name] = Job(name, work, schedule, queue, options)

        @shared_task(name=f"jobs.{name}")
        def run_by_worker(**given: Any) -> None:
            run(name, **given)

        @shared_task(name=f"nudge.{name}")
        def run_on_nudge() -> None:
            with correlated(), acting_as(f"job:{name}"):
                work()

        return work

    return declare


def registered() -> list[Job]:
    """All jobs, by name."""
    return [_registry[name] for name in sorted(_registry)]


def last_runs(**conditions: Any) -> dict[str, JobRun]:
    """The last run of each job that has one, of those that fit the conditions; under way or ended."""
    # One look into the index for each job, in one query; a DISTINCT over all runs would grow with history.
    latest = [JobRun.objects.filter(job=name, **conditions).order_by("-started_at")[:1] for name in sorted(_registry)]
    return {run.job: run for run in latest[0].union(*latest[1:], all=True)}


def find(name: str) -> Job | None:
    """The job of that name, if there is one."""
    return _registry.get(name)


def run(name: str, **options: Any) -> Result:
    """Run a job now, in this process, and record the run. Raises what the job raises, after recording it."""
    declared = _registry[name]
    with correlated() as correlation_id, acting_as(f"job:{name}"):
        record = JobRun.objects.create(job=name, started_at=timezone.now(), correlation_id=correlation_id)
        try:
            result = declared.work(**options)
        except Problem as error:
            _end(record, error=error.detail[:2000])
            log.warning("job_refused", job=name, code=error.code, detail=error.detail)
            raise
        except Exception as error:
            _end(record, error=f"{type(error).__name__}: {error}"[:2000])
            log.exception("job_failed", job=name)
            raise
        _end(record, result=result)
        log.info("job_done", job=name, **{key: value for key, value in result.items() if not isinstance(value, list)})
        return result


def nudge(name: str) -> None:
    """Have a worker do a job now, beside its schedule; such a run is not recorded. A nudge may be lost."""
    nudges.nudge(f"nudge.{name}", _registry[name].queue)


def _end(record: JobRun, *, result: Result | None = None, error: str = "") -> None:
    ended_at = timezone.now()
    JobRun.objects.filter(pk=record.pk).update(ended_at=ended_at, result=result, error=error)
    outcome = "failed" if error else "done"
    RUNS.labels(record.job, outcome).observe((ended_at - record.started_at).total_seconds())


def schedule_all(app: Celery) -> None:
    """Put every declared job into the application's beat schedule."""
    for declared in registered():
        app.conf.beat_schedule[declared.name] = {
            "task": f"jobs.{declared.name}",
            "schedule": declared.schedule,
            "options": {"queue": declared.queue},
        }


@shared_task(name=outbox.NUDGE_TASK)
def nudge_outbox() -> None:
    """Send what a transaction has just put into the outbox."""
    outbox.drain()


@job(schedule=crontab(), queue="emails")
def drain_outbox() -> Result:
    """Send what waits in the outbox."""
    return outbox.drain()


@job(schedule=crontab(minute=45))
def cleanup_idempotency() -> Result:
    """Forget the answers to keys whose time is over."""
    return {"records": delete_in_batches(IdempotencyRecord.objects.filter(expires_at__lte=BerthNow()))}


@job(schedule=crontab(minute=30))
def cleanup_outbox() -> Result:
    """Forget messages sent 30 days ago or given up 180 days ago, and runs of jobs of 90 days ago."""
    messages = OutboxMessage.objects
    return {
        "sent": delete_in_batches(messages.filter(status="sent", sent_at__lte=from_now(-KEEP_SENT))),
        "failed": delete_in_batches(messages.filter(status="failed", due_at__lte=from_now(-KEEP_FAILED))),
        "runs": delete_in_batches(JobRun.objects.filter(started_at__lte=from_now(-KEEP_RUNS))),
    }
