"""The worker, whose Python clock shows what PostgreSQL's does before each task: `celery -A tests.outages.on_time`."""

from datetime import UTC, datetime
from typing import Any

import time_machine
from celery.signals import task_prerun
from django.db import connection

from config.celery import app

__all__ = ["app"]

_turned: list[time_machine.Traveller] = []


@task_prerun.connect
def turn_the_clock(**_signal: Any) -> None:
    """Turn it in this process, which does the tasks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT berth_now()")
        ((moment,),) = cursor.fetchall()
    if not _turned:
        _turned.append(time_machine.travel(moment).start())
    _turned[0].move_to(moment)
    datetime.now(UTC)  # it ticks from the first look at it
