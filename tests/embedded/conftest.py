"""Stacks of their own, in temporary folders: the tests themselves run inside the stack of `run.py test`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedded.environment import SHARED
from embedded.processes import is_alive

PROJECT = Path(__file__).resolve().parent.parent.parent


def fresh_environment() -> dict[str, str]:
    """Ours without the settings of the stack that we run in."""
    return {name: value for name, value in os.environ.items() if name not in SHARED.split()}


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Held:
    """A running `hold`: its process, its folder and the environment that it printed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.hold", str(folder), *options],
            cwd=PROJECT,
            env=fresh_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = self.process.stdout.readline()
        assert first, self.process.communicate()[1]
        self.environment: dict[str, str] = json.loads(first)

    def children(self) -> dict[str, int]:
        run = json.loads((self.folder / "run.json").read_text())
        return {name: child["pid"] for name, child in run["children"].items()}

    def secrets(self) -> dict[str, str]:
        return json.loads((self.folder / "secrets.json").read_text())

    def log(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.log").read_text()

    def stop(self) -> None:
        """Ends it unless the test has, and sees that nothing is left."""
        if self.process.poll() is None:
            pids = self.children().values()
            self.process.terminate()
            self.process.wait()
            assert not any(map(is_alive, pids))
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A short path that every user can pass, as PostgreSQL's own must be; pytest's temporary folders are closed."""
    made = Path(tempfile.mkdtemp(prefix="berth-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[..., Held]]:
    held: list[Held] = []

    def start(name: str, *options: str) -> Held:
        held.append(Held(folder / name, *options))
        return held[-1]

    yield start
    for one in held:
        one.stop()
