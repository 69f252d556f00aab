"""The Celery application. Tasks and their schedule come from the jobs registry (core.jobs)."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_process_init, worker_ready

from config import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("berth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
@beat_init.connect
def trace(**_given: Any) -> None:
    """Each process that does tasks or asks for them tells of its own."""
    tracing.begin()


@worker_ready.connect
def tell_metrics(**_given: Any) -> None:
    """A worker has no web server: what it counts is told on a port of its own, if it has one."""
    from config.metrics import tell_on_own_port  # noqa: PLC0415 - not before Django is set up

    tell_on_own_port()
