"""The virtual environment `.venv` and what is installed in it."""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from embedded.errors import RunError
from embedded.progress import say, step

# Which lock files are satisfied by installing one: what developing needs includes what running needs.
SATISFIES = {"run": ["run"], "dev": ["dev", "run"]}
SHOWN_LINES = 8
# How pip's and urllib3's messages name a network that does not work.
NETWORK_ERRORS = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError"
    r"|ConnectionResetError|RemoteDisconnected|Connection broken|IncompleteRead"
)


def python_of(project: Path) -> Path:
    return project / ".venv" / "bin" / "python"


def enter(project: Path, requirements: str, arguments: Sequence[str]) -> None:
    """Installs what is missing and goes on inside .venv; returns if this is its Python already."""
    ensure(project, requirements)
    if Path(sys.prefix).resolve() != (project / ".venv").resolve():
        python = python_of(project)
        os.execv(python, [str(python), *arguments])


def ensure(project: Path, requirements: str) -> None:
    """Makes .venv if it is not whole and installs requirements/`requirements`.txt if that changed since.

    Raises: RunError when Python lacks venv or pip, nothing can be fetched, or a package does not suit this platform.
    """
    # The folder itself is the lock: there is no other file that is sure to exist. pip inherits it, so that a pip whose
    # run.py was killed is waited for.
    lock = os.open(project, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run.py that installs …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        _Environment(project, lock).ensure(requirements)
    finally:
        os.close(lock)


class _Environment:
    def __init__(self, project: Path, lock: int) -> None:
        self._project = project
        self._lock = lock
        self._folder = project / ".venv"
        self._python = python_of(project)
        self._stamp = self._folder / "installed.json"
        # There while .venv is being made or filled: if it stays behind, that was cut short.
        self._unfinished = self._folder / ".unfinished"

    def ensure(self, requirements: str) -> None:
        if not self._is_whole():
            with step("making .venv"):
                self._make()
        wanted = {name: self._hash(name) for name in SATISFIES[requirements]}
        installed = json.loads(self._stamp.read_text()) if self._stamp.exists() else {}
        if installed.get(requirements) != wanted[requirements]:
            self._unfinished.touch()
            with step(f"installing requirements/{requirements}.txt"):
                self._install(requirements)
            self._stamp.write_text(json.dumps({**installed, **wanted}))
        self._unfinished.unlink(missing_ok=True)

    def _is_whole(self) -> bool:
        """Finished, and its Python still there in the same minor version."""
        if self._unfinished.exists() or not self._python.exists():
            return False
        own_packages = "import os, sys, sysconfig; sys.exit(not os.path.isdir(sysconfig.get_path('purelib')))"
        return self._run([self._python, "-c", own_packages]).returncode == 0

    def _make(self) -> None:
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir()
        self._unfinished.touch()
        outside = getattr(sys, "_base_executable", sys.executable)
        made = self._run([outside, "-m", "venv", self._folder])
        if made.returncode != 0 and find_spec("venv") and find_spec("pip"):
            # Debian's Python has no ensurepip unless python3-venv is installed; the pip outside does as well.
            made = self._run([outside, "-m", "venv", "--without-pip", self._folder])
        if made.returncode != 0:
            raise RunError(
                "this Python cannot make a virtual environment: install its venv and pip (Debian: python3-venv).",
                made.stdout.splitlines()[-SHOWN_LINES:],
            )

    def _install(self, requirements: str) -> None:
        pip = [str(self._python), "-m", "pip"]
        if self._run([*pip, "--version"]).returncode != 0:
            pip = [sys.executable, "-m", "pip", "--python", str(self._python)]
        options = ["--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet"]
        locked = self._project / "requirements" / f"{requirements}.txt"
        done = self._run([*pip, "install", *options, "-r", locked])
        if done.returncode == 0:
            return
        lines = done.stdout.splitlines()[-SHOWN_LINES:]
        missing = re.search(r"No matching distribution found for (\S+)", done.stdout)
        if NETWORK_ERRORS.search(done.stdout):
            self._unfinished.unlink()  # pip fetches everything before it changes anything
            raise RunError("the packages could not be fetched: is this machine on the network?", lines)
        if missing:
            here = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
            raise RunError(f"there is no {missing[1]} for this platform ({here}).", lines)
        raise RunError("pip could not install the packages.", lines)

    def _run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            pass_fds=[self._lock],
        )

    def _hash(self, requirements: str) -> str:
        return hashlib.sha256((self._project / "requirements" / f"{requirements}.txt").read_bytes()).hexdigest()
