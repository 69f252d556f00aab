"""The machines that Berth runs on, for tests that kill them: a web server, a worker, and what these two lean on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
from celery import current_app

from core import jobs
from core.models import JobRun
from tests.races import warm
from tests.races.mail_sink import MailSink, mail_sink
from tests.races.valkey import Valkey, valkey_server
from tests.services import PATIENCE, Sandbox, answers, free_port, wait_until

# What serves and what works, by the names that Granian and Celery are given.
PLAIN = ("config.wsgi:application", "config")
TRACED = ("tests.races.traced:application", "tests.races.traced")


class Machines:
    """One web server and one worker at a time; whichever dies is replaced by a new process."""

    def __init__(self, sandbox: Sandbox, broker: Valkey, mails: MailSink, folder: Path) -> None:
        self.sandbox = sandbox
        self.mails = mails
        self.trace_file = folder / "trace"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._broker = broker
        self._fault_file = folder / "fault"
        self._runs = PLAIN
        self._nursery = warm.Nursery(
            PUBLIC_URL=self.url,
            STRIPE_API_BASE=sandbox.url,
            FLUTTERWAVE_API_BASE=sandbox.flutterwave_base,
            REDIS_URL=broker.url,
            EMAIL_URL=mails.url,
            FAULT_FILE=str(self._fault_file),
            TRACE_FILE=str(self.trace_file),
        )
        self._web: ForkServerProcess | None = None
        self._worker: ForkServerProcess | None = None

    def get_ready(self, runs: tuple[str, str] = PLAIN) -> None:
        """As on a new day: both run these modules, no mail was sent, and the gateways send their events here."""
        if runs != self._runs:
            self.end()
            self._runs = runs
        if self._web is None or not self._web.is_alive():
            self._start_web()
        if self._worker is None or not self._worker.is_alive():
            self._start_worker()
        self.mails.message_ids.clear()
        self.trace_file.write_text("")
        self.sandbox.control("endpoint", url=f"{self.url}/webhooks/stripe")
        self.sandbox.control("flutterwave/endpoint", url=f"{self.url}/webhooks/flutterwave")

    def end(self) -> None:
        """End both."""
        for process in (self._web, self._worker):
            if process is not None:
                warm.end(process)

    @contextmanager
    def killing_web(self, point: str) -> Iterator[None]:
        """The process that serves dies at the point, to which the block leads it; then another takes its place."""
        assert self._web is not None
        (serving,) = _children(self._web)
        with self._armed(point), suppress(httpx.TransportError):
            yield
        self._web.join(PATIENCE)
        assert self._web.exitcode == 1  # Granian's main process has this one worker process, and ends with it
        assert not Path(f"/proc/{serving}").exists()
        self._start_web()

    @contextmanager
    def killing_worker(self, point: str) -> Iterator[None]:
        """The same of the worker. What it was working on is lost: its successor hears nothing of it for an hour."""
        assert self._worker is not None
        with self._armed(point):
            yield
        self._worker.join(PATIENCE)
        assert self._worker.exitcode == -signal.SIGKILL
        self._start_worker()

    def run_jobs(self, *names: str, **options: Any) -> Any:
        """Have the worker run these jobs, one after the other, as beat would. Returns the result of the last."""
        ended = JobRun.objects.exclude(ended_at=None)
        before = ended.count()
        self.send_jobs(*names, **options)
        wait_until(lambda: ended.count() >= before + len(names), f"{names} to end")
        return ended.latest("pk").result

    def send_jobs(self, *names: str, **options: Any) -> None:
        """Ask the worker for jobs."""
        with current_app.connection_for_write(self._broker.url) as connection:
            for name in names:
                declared = jobs.find(name)
                assert declared is not None
                current_app.send_task(f"jobs.{name}", kwargs=options, queue=declared.queue, connection=connection)

    @contextmanager
    def _armed(self, point: str) -> Iterator[None]:
        self._fault_file.write_text(point)
        try:
            yield
            wait_until(lambda: not self._fault_file.exists(), f"somebody to die {point}")
        finally:
            self._fault_file.unlink(missing_ok=True)

    def _start_web(self) -> None:
        self._web = self._nursery.start("web", warm.serve, self._runs[0], int(self.url.rpartition(":")[2]))
        wait_until(lambda: answers(f"{self.url}/health/live"), "the web server")

    def _start_worker(self) -> None:
        self._worker = self._nursery.start("worker", warm.work, self._runs[1])


@contextmanager
def machines_of(sandbox: Sandbox, folder: Path) -> Iterator[Machines]:
    """Machines with a broker and a mail server of their own, at this sandbox; ready when they are told to be."""
    with valkey_server() as broker, mail_sink() as mails:
        machines = Machines(sandbox, broker, mails, folder)
        try:
            yield machines
        finally:
            machines.end()


def _children(process: ForkServerProcess) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
