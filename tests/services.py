"""Real processes for tests: the web server, a Celery worker and the gateway sandbox, on the test database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "test-logs"
PATIENCE = 20  # seconds until something that should happen counts as not happening


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s for {what}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url(alias: str = "default") -> str:
    """The address of the test database for another process."""
    database = connections[alias].settings_dict
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    return f"postgres://{database['USER']}{password}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """What a process needs to serve the test database as this one does."""
    return {
        **os.environ,
        "ENVIRONMENT": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "DATABASE_OWNER_URL": database_url("owner"),
        "STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": ",".join(settings.STRIPE_WEBHOOK_SECRETS),
        "STRIPE_API_BASE": settings.STRIPE_API_BASE,
        "RATE_LIMITS": "off",
        **more,
    }


@contextmanager
def process(name: str, *command: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module in a process group of its own; ended with its children at the end of the block."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment(**env),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes], sig: int = signal.SIGTERM) -> None:
    """End a process that we started, by its group; harder if it takes its time."""
    for attempt in (sig, signal.SIGKILL):
        try:
            os.killpg(started.pid, attempt)
            started.wait(10)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


@dataclass(frozen=True)
class Served:
    """A running web server."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def served(application: str, threads: int = 16, **env: str) -> Iterator[Served]:
    """A WSGI application behind the web server that production uses."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = (
        "granian", "--interface", "wsgi", application, "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", str(threads), "--backlog", "1024",
    )  # fmt: skip
    with process(application.partition(":")[0], *command, PUBLIC_URL=url, **env) as started:
        _wait_for(f"{url}/health/live", started)
        yield Served(url, started)


@contextmanager
def web_server(**env: str) -> Iterator[str]:
    """Berth itself; gives its address."""
    with served("config.wsgi:application", **env) as web:
        yield web.url


@contextmanager
def celery_worker(concurrency: int = 1, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker for every queue, ready to work."""
    before = _log_size("worker")
    command = (
        "celery", "-A", "config", "worker", "--queues", "emails,webhooks,scheduled", "--concurrency", str(concurrency),
        "--without-mingle", "--without-gossip", "--loglevel", "INFO",
    )  # fmt: skip
    with process("worker", *command, **env) as started:
        wait_until(lambda: b" ready." in _log_since("worker", before), "the worker")
        yield started


@contextmanager
def sandbox_server(state: Path, webhook_url: str = "http://127.0.0.1:9/") -> Iterator["Sandbox"]:
    """The gateway sandbox with its control interface."""
    port = free_port()
    command = ("sandbox", "--port", str(port), "--state", str(state), "--webhook-url", webhook_url)
    with process("sandbox", *command) as started:
        _wait_for(f"http://127.0.0.1:{port}/", started)
        yield Sandbox(f"http://127.0.0.1:{port}")


@dataclass(frozen=True)
class Sandbox:
    """The sandbox as tests steer it."""

    url: str

    def control(self, path: str, **body: Any) -> Any:
        """POST to the control interface."""
        answer = httpx.post(f"{self.url}/_control/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    @property
    def state(self) -> dict[str, Any]:
        """Everything that it knows."""
        return httpx.get(f"{self.url}/_control/state", timeout=30).json()

    def reset(self, webhook_url: str = "http://127.0.0.1:9/") -> None:
        """Forget everything, deliver as usual, to this address."""
        self.control("reset")
        self.control("endpoint", url=webhook_url)

    def mode(self, **mode: Any) -> None:
        """How events are delivered."""
        self.control("mode", **mode)

    def pay(self, session_id: str, method: str = "card") -> None:
        """What the traveller does on the pay page."""
        self.control(f"sessions/{session_id}/pay", method=method)

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Events in the order of their making."""
        return [event for event in self.state["events"] if event["type"].startswith(kind)]

    def deliver(self, event_id: str, times: int = 1, concurrently: bool = False) -> list[int]:
        """Send an event now; the statuses of the answers."""
        return self.control("deliver", event=event_id, times=times, concurrently=concurrently)


def _wait_for(url: str, started: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert started.poll() is None, f"{started.args} ended with {started.returncode}; see {LOGS}"
        try:
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, url)


def _log_size(name: str) -> int:
    log = LOGS / f"{name}.log"
    return log.stat().st_size if log.exists() else 0


def _log_since(name: str, position: int) -> bytes:
    with (LOGS / f"{name}.log").open("rb") as log:
        log.seek(position)
        return log.read()
