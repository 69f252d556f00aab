"""Nudges: a worker is told that there is work, which it would find by itself a little later. One may be lost."""

import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core import valkey

log = structlog.get_logger(__name__)


def nudge(task: str, queue: str) -> None:
    """Put a task into a queue, if the broker answers."""
    if not settings.REDIS_URL:
        return  # there is no broker, and so no worker to nudge
    try:
        with valkey.server.guarding():
            current_app.send_task(task, queue=queue, retry=False, ignore_result=True)
    except (RedisError, OperationalError):
        log.info("nudge_lost", task=task)
