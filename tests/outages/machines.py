"""Machines that are killed with SIGKILL and started again: an installation has one of each."""

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from tests.embedded.conftest import Held
from tests.services import PATIENCE, answers, end, free_port, process, wait_until


class Machine(Protocol):
    """Something that runs, dies, and can be started again where it was."""

    def start(self) -> None:
        """Start it; PostgreSQL, Valkey and the web server answer when this returns."""

    def kill(self) -> None:
        """SIGKILL, for the whole of it."""

    def stop(self) -> None:
        """End it in good order, if it runs."""

    @property
    def is_running(self) -> bool:
        """Whether it has neither been killed nor ended by itself."""


class Store:
    """PostgreSQL or Valkey, each as run.py starts it and as durable, on a folder that outlives it."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder / server
        self._held: Held | None = None

    @property
    def held(self) -> Held:
        """What runs it."""
        assert self._held
        return self._held

    def start(self) -> None:
        self._held = Held(self._folder, "--only", self._server)

    def kill(self) -> None:
        if self._held:
            os.kill(self._held.children()[self._server], signal.SIGKILL)
            self._held.process.wait(PATIENCE)  # it looks after what is left, and does not start it again
            self.stop()

    def stop(self) -> None:
        if self._held:
            self._held.stop()
            self._held = None

    @property
    def is_running(self) -> bool:
        return self._held is not None and self._held.process.poll() is None


class Program:
    """A Python module in a process group of its own."""

    def __init__(self, name: str, *command: str, **env: str) -> None:
        self._name = name
        self._command = command
        self._env = env
        self.process: subprocess.Popen[bytes] | None = None
        self._block = ExitStack()

    def start(self) -> None:
        self._block.close()
        self.process = self._block.enter_context(process(self._name, *self._command, **self._env))

    def kill(self) -> None:
        if self.process:
            end(self.process, signal.SIGKILL)
            self.process = None

    def stop(self) -> None:
        self._block.close()
        self.process = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Web(Program):
    """The web server that production uses."""

    def __init__(self, **env: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(
            "web",
            *("granian", "--interface", "wsgi", "config.wsgi:application", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1", "--blocking-threads", "16", "--backlog", "1024"),
            PUBLIC_URL=self.url,
            **env,
        )

    def start(self) -> None:
        super().start()
        wait_until(lambda: answers(f"{self.url}/health/live"), "the web server")


def worker(**env: str) -> Program:
    """A Celery worker for every queue, with two processes."""
    return Program(
        "worker",
        *("celery", "-A", "config", "worker", "--queues", "emails,webhooks,scheduled", "--concurrency", "2"),
        *("--without-mingle", "--without-gossip", "--loglevel", "INFO"),
        **env,
    )


def beat(folder: Path, **env: str) -> Program:
    """Celery beat, which remembers in the folder what it has asked for."""
    return Program("beat", "celery", "-A", "config", "beat", "--schedule", str(folder / "beat"), **env)
