"""A circuit for each gateway: after several calls without an answer it opens, and callers are told at once.

Each process has its own, so that it needs no other service to be up. pybreaker was considered: it holds one lock for
the whole of each call, and so lets only one thread of a process talk to a gateway at a time.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from payments.errors import GatewayUnavailable, OutcomeUnknown

log = structlog.get_logger(__name__)

FAILURES = 5  # in a row, until it opens
PAUSE = 30  # seconds until one call may try again


class Circuit:
    """Closed: calls pass. Open: none does. After PAUSE one passes, and what becomes of it decides."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0  # by the monotonic clock

    @property
    def is_open(self) -> bool:
        """Whether calls are refused just now."""
        return self._failures >= FAILURES and time.monotonic() < self._next_try

    def reset(self) -> None:
        """Forget what was."""
        with self._lock:
            self._failures, self._next_try = 0, 0.0

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Around one call. Raises GatewayUnavailable without making it while the circuit is open."""
        self._enter()
        try:
            yield
        except (GatewayUnavailable, OutcomeUnknown) as error:
            # One that asks us to wait has answered.
            if "retry_after" in error.members:
                self.reset()
            else:
                self._note_failure()
            raise
        except BaseException:
            self.reset()
            raise
        self.reset()

    def _enter(self) -> None:
        with self._lock:
            if self._failures < FAILURES:
                return
            wait = self._next_try - time.monotonic()
            if wait <= 0:
                self._next_try = time.monotonic() + PAUSE  # this call tries; the others wait for what it learns
                return
        said = "The payment service has not answered for a while; we try it again soon."
        raise GatewayUnavailable(said, retry_after=int(wait) + 1, circuit="open")

    def _note_failure(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures == FAILURES:
                log.error("circuit_opened", gateway=self._name, seconds=PAUSE)
            if self._failures >= FAILURES:
                self._next_try = time.monotonic() + PAUSE


_circuits: dict[str, Circuit] = {}


def of(gateway: str) -> Circuit:
    """The circuit of a gateway."""
    return _circuits.setdefault(gateway, Circuit(gateway))
