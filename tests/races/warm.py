"""Berth's processes, forked from one that has imported everything: to start one takes no second but a moment."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Any
from unittest.mock import patch

import stripe
from celery.bin.celery import celery
from granian import Granian
from granian.constants import Interfaces

from tests.services import LOGS, ROOT, environment

_IMPORTED = ["pytest", "config.wsgi", "config.urls", "celery.apps.worker", "celery.concurrency.solo", __name__]


class Nursery:
    """Starts processes with one environment for all of them; there can be only one in a test run."""

    def __init__(self, **env: str) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_IMPORTED)
        # The settings are read once, before the first fork.
        with patch.dict(os.environ, environment(PYTHONPATH=str(ROOT), **env)):
            self.start("nursery", _nothing).join()

    def start(self, log: str, work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
        """A process, in a group of its own."""
        started = self._context.Process(target=_begin, args=(str(LOGS / f"{log}.log"), work, arguments))
        started.start()
        return started


def _nothing() -> None:
    """What the first one does."""


def _begin(log: str, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.setsid()
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(file, stream)
    stripe.HTTPClient.INITIAL_DELAY = 0.01  # seconds until its client repeats a call
    work(*arguments)


def end(process: ForkServerProcess) -> None:
    """End a process with its children, harder if it takes its time."""
    assert process.pid
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.is_alive():
            os.killpg(process.pid, number)
            process.join(10)


def serve(application: str, port: int) -> None:
    """The web server that production uses."""
    multiprocessing.set_start_method("fork", force=True)  # as by itself; what comes from a nursery would spawn
    Granian(
        application, address="127.0.0.1", port=port, interface=Interfaces.WSGI, blocking_threads=16, backlog=1024
    ).serve()


def work(application: str) -> None:
    """A Celery worker for every queue. Without a pool the process that works is all that there is of it."""
    celery.main(
        ["-A", application, "worker", "--queues", "emails,webhooks,scheduled", "--pool", "solo",
         "--without-mingle", "--without-gossip", "--loglevel", "INFO"]
    )  # fmt: skip
