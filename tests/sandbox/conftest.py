"""A real sandbox in a process of its own, a real receiver of its webhooks, and the real SDK between them."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.sandbox.flutterwave import Flutterwave

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "sk_test_sandbox_of_the_tests"
WEBHOOK_SECRET = "whsec_first"
PATIENCE = 10  # seconds until something that should happen counts as not happening


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Hook:
    """One webhook as it arrived."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.event["type"]


@dataclass
class Receiver:
    """An endpoint for webhooks. `answer` decides the status; whatever it does first takes its time."""

    url: str = ""
    hooks: list[Hook] = field(default_factory=list)
    answer: Callable[[Hook], int] = lambda hook: 200

    @property
    def types(self) -> list[str]:
        return [hook.type for hook in self.hooks]

    def wait_for(self, kind: str, count: int = 1) -> Hook:
        """The last of the hooks of this type, once there are so many."""

        def found() -> list[Hook]:
            hooks = [hook for hook in list(self.hooks) if hook.type == kind]
            return hooks if len(hooks) >= count else []

        return wait_until(found, f"{count} × {kind}; there are {self.types}")[-1]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # five would make twenty callers at once wait for a second


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook = Hook({name.lower(): value for name, value in self.headers.items()}, body, time.monotonic())
            received.hooks.append(hook)
            status = received.answer(hook)
            answer = b'{"received": true}'
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except ConnectionError:
                pass  # the sandbox did not wait

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = Server(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/stripe"
    thread = threading.Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


class Sandbox:
    """The process, the SDK's client for its API, and plain HTTP for everything else."""

    def __init__(self, state: Path, webhook_url: str = "http://127.0.0.1:9/nobody") -> None:
        self.state_file = state
        self.webhook_url = webhook_url
        self.url = f"http://127.0.0.1:{free_port()}"
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE + 5, trust_env=False)
        self.client = self.client_with()
        self.process: subprocess.Popen[bytes] | None = None

    def client_with(self, **options: Any) -> stripe.StripeClient:
        options = {"max_network_retries": 0} | options
        return stripe.StripeClient(options.pop("api_key", SECRET_KEY), base_addresses={"api": self.url}, **options)

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", self.url.rpartition(":")[2]]
        command += ["--state", str(self.state_file), "--webhook-url", self.webhook_url]
        command += ["--flutterwave-webhook-url", "http://127.0.0.1:9/nobody"]
        secrets = {"STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": f"{WEBHOOK_SECRET}, whsec_second"}
        secrets |= {"FLUTTERWAVE_SECRET_KEY": "FLWSECK_TEST-x", "FLUTTERWAVE_WEBHOOK_SECRET": "hash"}
        environment = {**os.environ, **secrets, "ENVIRONMENT": "test"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self.ready, "the sandbox to be ready")

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the sandbox ended by itself"
        try:
            return self.http.get("/").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """Returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def control(self, path: str, /, expected: int = 200, **body: Any) -> Any:
        answer = self.http.post(f"/_control/{path}", json=body)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def charge(self, **changes: Any) -> stripe.Charge:
        """A charge that a card paid, with its balance transaction."""
        session = self.pay(**changes)
        [charge] = self.client.v1.charges.list(params={"payment_intent": session.payment_intent}).data
        self.control(f"charges/{charge.id}/balance")
        return self.client.v1.charges.retrieve(charge.id)

    def state(self) -> dict[str, Any]:
        return self.http.get("/_control/state").json()

    def session(self, amount: int = 12_500, currency: str = "sar", **changes: Any) -> stripe.checkout.Session:
        """An open session for one line item."""
        return self.client.v1.checkout.sessions.create(params=session_params(amount, currency, **changes))

    def pay(self, method: str = "card", **changes: Any) -> stripe.checkout.Session:
        """A session with which the customer did this."""
        session = self.session(**changes)
        self.control(f"sessions/{session.id}/pay", method=method)
        return self.client.v1.checkout.sessions.retrieve(session.id)


def session_params(amount: int = 12_500, currency: str = "sar", **changes: Any) -> dict[str, Any]:
    """What the smallest good call carries; a change to None leaves the parameter out."""
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "RUH → JED, seat 12A"}}
    params = {
        "mode": "payment",
        "success_url": "https://merchant.test/ok?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://merchant.test/cancelled",
        "line_items": [{"price_data": price, "quantity": 1}],
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite3")
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running_sandbox: Sandbox, receiver: Receiver) -> Sandbox:
    """Empty, in its first mode, sending to this test's receiver; the balance transaction follows at once."""
    running_sandbox.control("reset")
    running_sandbox.control("endpoint", url=receiver.url)
    running_sandbox.control("mode", charge_updated_delay_seconds=0)
    return running_sandbox


@pytest.fixture
def flutterwave(sandbox: Sandbox, receiver: Receiver) -> Flutterwave:
    """Flutterwave's half, which sends its webhooks to this test's receiver too."""
    sandbox.control("flutterwave/endpoint", url=receiver.url)
    return Flutterwave(sandbox)
