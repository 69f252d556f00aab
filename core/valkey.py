"""Whether Valkey answers, as this process last saw it: while it does not, nobody waits for it.

The first use that meets silence finds out, at the price of one time-out. From then on every use fails at once, until
a thread of its own has had an answer.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

log = structlog.get_logger(__name__)

PATIENCE = 0.25  # seconds; a server at hand answers within a thousandth of that
PAUSE = 1.0  # seconds between two looks whether a lost server is back


class Valkey:
    """One server, as this process sees it."""

    def __init__(self, answers: Callable[[], bool]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._lost = False
        self._when_back: list[Callable[[], None]] = []
        os.register_at_fork(after_in_child=self._begin_anew)

    @property
    def is_lost(self) -> bool:
        """Whether it has not answered since its last silence."""
        return self._lost

    def when_back(self, work: Callable[[], None]) -> None:
        """Have something done, in that thread, each time the server answers again."""
        self._when_back.append(work)

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Around one use. Raises NoConnection without trying while the server is lost."""
        if self._lost:
            raise NoConnection("Valkey did not answer a moment ago.")
        try:
            yield
        except (NoConnection, NoAnswer, OperationalError):
            self._lose()
            raise

    def _lose(self) -> None:
        with self._lock:
            if self._lost:
                return
            self._lost = True
        log.warning("valkey_lost")
        threading.Thread(target=self._wait_for_it, name="valkey", daemon=True).start()

    def _wait_for_it(self) -> None:
        pause = threading.Event()
        while not self._answers():
            pause.wait(PAUSE)
        self._lost = False
        log.info("valkey_back")
        for work in self._when_back:
            work()

    def _begin_anew(self) -> None:
        # A child has its parent's variables, without the thread that would change them.
        self._lock, self._lost = threading.Lock(), False


def _answers() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
            return bool(client.ping())
    except RedisError:
        return False


server = Valkey(_answers)


class Client(Redis):
    """A client that does not wait for a lost server."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its answer."""
        with server.guarding():
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
