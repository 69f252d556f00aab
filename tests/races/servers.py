"""Web servers that are not quite ours: the application with something changed, to show what would happen then."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.services import free_port, process, wait_until


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def served(module: str, **env: str) -> Iterator[Served]:
    """Serve the WSGI application of a module."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = (
        "granian", "--interface", "wsgi", f"{module}:application", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", "16", "--backlog", "1024",
    )  # fmt: skip
    with process(module, *command, PUBLIC_URL=url, **env) as started:
        wait_until(lambda: _answers(url), module)
        yield Served(url, started)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
