"""The web application and the worker, which write down what they come to: fault points, commits, calls of gateways.

A line is "process/thread what". A request or a task begins a run of lines. Commits that touch neither money nor seats
are left out, and those of the audit of calls and of reports: they tell what was tried, and nothing is decided by them.
"""

import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import requests
from celery.signals import task_prerun
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from config import wsgi
from config.celery import app
from core import faults

__all__ = ["app", "application"]

_WRITES = re.compile(
    r'\b(?:INSERT INTO|DELETE FROM|UPDATE) "?(?:payments|bookings|ledger)_(?!gatewaycall|reconciliationrun|finding)'
)

_passing, _commit, _rollback = faults.passing, BaseDatabaseWrapper._commit, BaseDatabaseWrapper._rollback
_request = requests.Session.request


def note(what: str) -> None:
    """Write one line."""
    with Path(os.environ["TRACE_FILE"]).open("a") as trace:
        trace.write(f"{os.getpid()}/{threading.get_ident()} {what}\n")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A request."""
    note("begin web")
    return wsgi.application(environ, start_response)


@task_prerun.connect
def begin_task(**_signal: Any) -> None:
    note("begin worker")


def passing(point: str) -> None:
    note(f"point {point}")
    _passing(point)


def watch(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    if _note_write not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note_write)


def _note_write(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    done = execute(sql, params, many, context)
    if _WRITES.search(sql):
        if context["connection"].in_atomic_block:
            context["connection"].has_written = True
        else:
            note("commit")
    return done


def commit(self: Any) -> None:
    _commit(self)
    if getattr(self, "has_written", False):
        note("commit")
    self.has_written = False


def rollback(self: Any) -> None:
    _rollback(self)
    self.has_written = False


def request(self: requests.Session, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
    note(f"call {method.upper()}")
    return _request(self, method, url, *args, **kwargs)


faults.passing = passing
BaseDatabaseWrapper._commit = commit
BaseDatabaseWrapper._rollback = rollback
requests.Session.request = request
connection_created.connect(watch)
