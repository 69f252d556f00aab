"""How the machinery stands: what waits in the outbox and in the queues, and how each job's last run ended."""

from collections.abc import Iterable

from celery import current_app
from django.conf import settings
from prometheus_client.core import Metric
from redis import Redis

from core import jobs, valkey
from core.metrics import count_and_age, gauge, gauges, reading
from core.models import OutboxMessage


@reading
def outbox() -> Iterable[Metric]:
    """Messages that wait, for how long the first of them has, and those given up that staff have to see to."""
    count, age = count_and_age(OutboxMessage.objects.filter(status="pending"))
    yield gauge("berth_outbox_waiting", "Messages of the outbox that wait", count)
    yield gauge("berth_outbox_oldest_seconds", "Age of the oldest of them", age)
    given_up = OutboxMessage.objects.filter(status="failed").count()
    yield gauge("berth_outbox_given_up", "Messages of the outbox that were given up", given_up)


@reading
def last_runs() -> Iterable[Metric]:
    """When each job last ended, and whether it failed then."""
    runs = jobs.last_runs(ended_at__isnull=False)
    ended = {name: run.ended_at.timestamp() for name, run in runs.items() if run.ended_at}
    failed = {name: float(bool(run.error)) for name, run in runs.items()}
    yield gauges("berth_job_ended_seconds", "When a job last ended, in seconds since 1970", "job", ended)
    yield gauges("berth_job_failed", "Whether a job failed when it last ran", "job", failed)


@reading
def queues() -> Iterable[Metric]:
    """Tasks that no worker has taken yet."""
    yield gauges("berth_queue_length", "Tasks that wait for a worker", "queue", queue_lengths())


def queue_lengths() -> dict[str, int]:
    """Tasks that wait in each queue of the broker. Raises RedisError if it does not answer."""
    names = sorted({job.queue for job in jobs.registered()})
    prefix = current_app.conf.broker_transport_options["global_keyprefix"]
    with Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=valkey.PATIENCE, socket_timeout=valkey.PATIENCE
    ) as broker:
        return {name: broker.llen(f"{prefix}{name}") for name in names}
