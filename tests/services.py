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

from tests.side_by_side import WORKER

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "test-logs" / WORKER
PATIENCE = 20  # seconds until something that should happen counts as not happening

# One for all calls: to make another takes longer than most calls do, and nothing here speaks TLS. The sandbox closes a
# connection that was idle for 5 s, which is httpx's own limit too: a call in that moment would meet a reset.
_http = httpx.Client(timeout=30, verify=False, trust_env=False, limits=httpx.Limits(keepalive_expiry=2))


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s for {what}")


def answers(url: str) -> bool:
    """Whether a page is there."""
    try:
        return _http.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


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
        "FLUTTERWAVE_PUBLIC_KEY": settings.FLUTTERWAVE_PUBLIC_KEY,
        "FLUTTERWAVE_SECRET_KEY": settings.FLUTTERWAVE_SECRET_KEY,
        "FLUTTERWAVE_WEBHOOK_SECRET": ",".join(settings.FLUTTERWAVE_WEBHOOK_SECRETS),
        "FLUTTERWAVE_API_BASE": settings.FLUTTERWAVE_API_BASE,
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
def celery_worker(
    concurrency: int = 1, *, pool: str = "prefork", application: str = "config", **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker for every queue, ready to work."""
    before = _log_size("worker")
    command = (
        "celery", "-A", application, "worker", "--queues", "emails,webhooks,scheduled", "--pool", pool,
        "--concurrency", str(concurrency), "--without-mingle", "--without-gossip", "--loglevel", "INFO",
    )  # fmt: skip
    with process("worker", *command, **env) as started:
        wait_until(lambda: b" ready." in _log_since("worker", before), "the worker")
        yield started


@contextmanager
def sandbox_server(state: Path, webhook_url: str = "http://127.0.0.1:9/") -> Iterator["Sandbox"]:
    """The gateway sandbox with its control interface."""
    port = free_port()
    command = (
        "sandbox", "--port", str(port), "--state", str(state), "--webhook-url", webhook_url,
        "--flutterwave-webhook-url", webhook_url,
    )  # fmt: skip
    with process("sandbox", *command) as started:
        _wait_for(f"http://127.0.0.1:{port}/", started)
        yield Sandbox(f"http://127.0.0.1:{port}")


@dataclass(frozen=True)
class Sandbox:
    """The sandbox as tests steer it."""

    url: str

    def control(self, path: str, /, **body: Any) -> Any:
        """POST to the control interface."""
        answer = _http.post(f"{self.url}/_control/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    @property
    def state(self) -> dict[str, Any]:
        """Everything that it knows."""
        return _http.get(f"{self.url}/_control/state").json()

    @property
    def flutterwave_base(self) -> str:
        """FLUTTERWAVE_API_BASE for whoever shall talk to it."""
        return f"{self.url}/flutterwave"

    @property
    def flutterwave_state(self) -> dict[str, Any]:
        """Everything that it knows of Flutterwave's; events are in the order of their making."""
        return _http.get(f"{self.url}/_control/flutterwave/state").json()

    def pay_flutterwave(self, tx_ref: str, method: str = "card", **more: Any) -> dict[str, Any]:
        """What the traveller does on Flutterwave's page. Returns the transaction."""
        return self.control("flutterwave/pay", tx_ref=tx_ref, method=method, **more)

    def reset(self, webhook_url: str = "http://127.0.0.1:9/") -> None:
        """Forget everything, deliver as usual, to this address."""
        self.control("reset")
        self.control("endpoint", url=webhook_url)
        self.control("flutterwave/endpoint", url=webhook_url)

    def mode(self, **mode: Any) -> None:
        """How events are delivered."""
        self.control("mode", **mode)

    def turn_clock(self, at: float | None) -> None:
        """Let it be so late there (Unix seconds), or as late as it is; see `tests.clock` for all clocks together."""
        self.control("clock", at=at)

    def pay(self, session_id: str, method: str = "card") -> None:
        """What the traveller does on the pay page."""
        self.control(f"sessions/{session_id}/pay", method=method)

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Events in the order of their making."""
        return [event for event in self.state["events"] if event["type"].startswith(kind)]

    def deliver(self, event_id: str, times: int = 1, concurrently: bool = False) -> list[int]:
        """Send an event now; the statuses of the answers."""
        return self.control("deliver", event=event_id, times=times, concurrently=concurrently)

    def objects(self, kind: str, limit: int | None = None) -> list[dict[str, Any]]:
        """One list of the state, such as `refunds`, or the newest of it, in order of creation."""
        params = {} if limit is None else {"limit": limit}
        return _http.get(f"{self.url}/_control/objects/{kind}", params=params).raise_for_status().json()

    def feed(self, after: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """The events of all gateways since a position, each as {gateway, body}; and the position after them."""
        answer = _http.get(f"{self.url}/_control/feed", params={"after": after}).raise_for_status().json()
        return answer["position"], answer["events"]

    def copy_session(self, session_id: str, payments: list[dict[str, str]]) -> list[str]:
        """Open copies of an open session, one for each {payment_id, client_reference_id?}; their ids."""
        return self.control(f"sessions/{session_id}/copy", payments=payments)

    def refund_in_dashboard(self, charge_id: str, amount: int | None = None) -> dict[str, Any]:
        """A refund of all that is left, or of so many minor units, that nobody made through the API."""
        return self.control(f"charges/{charge_id}/refund", amount=amount)

    def settle_refund(self, refund_id: str, success: bool) -> dict[str, Any]:
        """A pending refund succeeds or fails; one that had succeeded comes back from the bank."""
        return self.control(f"refunds/{refund_id}/settle", success=success)

    def dispute(
        self, charge_id: str, amount: int | None = None, reason: str = "fraudulent", inquiry: bool = False
    ) -> dict[str, Any]:
        """The traveller disputes what was not refunded, or so many minor units; an inquiry moves no money."""
        return self.control(f"charges/{charge_id}/dispute", amount=amount, reason=reason, inquiry=inquiry)

    def move_dispute(self, dispute_id: str, status: str) -> dict[str, Any]:
        """What the bank decides on a dispute, or time brings."""
        return self.control(f"disputes/{dispute_id}/move", status=status)

    def reinstate_dispute(self, dispute_id: str) -> dict[str, Any]:
        """The money of a lost dispute comes back all the same."""
        return self.control(f"disputes/{dispute_id}/reinstate")

    def pay_out(self, currency: str) -> dict[str, Any]:
        """Stripe pays out all of a currency that is in no payout yet."""
        return self.control("payouts", currency=currency)

    def settle_payout(self, payout_id: str, success: bool) -> dict[str, Any]:
        """A payout arrives and is reconciled, or comes back, be it after it had arrived."""
        return self.control(f"payouts/{payout_id}/settle", success=success)

    def book(self, type_: str, amount: int, currency: str, **more: Any) -> dict[str, Any]:
        """A balance transaction of any type at all; `more` may be fee, description, source, reporting_category."""
        return self.control("balance", type=type_, amount=amount, currency=currency, **more)

    def fault(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next calls to a gateway's API fail: `error`, `rate_limit`, `timeout` or `drop`; see sandbox/faults.py."""
        return self.control("faults", kind=kind, **wanted)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults asked for so far; `used` counts the calls that each of them happened to."""
        return _http.get(f"{self.url}/_control/faults").json()

    def clear_faults(self) -> None:
        """From now on every call is answered as it should be."""
        _http.delete(f"{self.url}/_control/faults").raise_for_status()


def _wait_for(url: str, started: subprocess.Popen[bytes]) -> None:
    def is_up() -> bool:
        assert started.poll() is None, f"{started.args} ended with {started.returncode}; see {LOGS}"
        return answers(url)

    wait_until(is_up, url)


def _log_size(name: str) -> int:
    log = LOGS / f"{name}.log"
    return log.stat().st_size if log.exists() else 0


def _log_since(name: str, position: int) -> bytes:
    with (LOGS / f"{name}.log").open("rb") as log:
        log.seek(position)
        return log.read()
