"""The state folder: everything that survives a run, and who is using it.

version        the format of the folder and the PostgreSQL that wrote it
lock           held by run.py and its guard; tells who they are
secrets.json   made once, mode 0600
run.json       mode 0600: the processes of the current run and the environment that they share
ports.json     where the servers listened last
postgres/ valkey/ sandbox.sqlite3 mails/ logs/
"""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded.errors import RunError
from embedded.processes import is_alive

POSTGRES_MAJOR = 18
VERSION = f"1 postgresql-{POSTGRES_MAJOR}"
STOPPING_SECONDS = 25  # longer than a guard needs to end what a killed run.py left


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "REFRESH_TOKEN_PEPPER": secrets.token_urlsafe(48),
        "JOBS_SECRET": secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "FLUTTERWAVE_PUBLIC_KEY": f"FLWPUBK_TEST-{secrets.token_hex(16)}-X",
        "FLUTTERWAVE_SECRET_KEY": f"FLWSECK_TEST-{secrets.token_hex(16)}-X",
        "FLUTTERWAVE_WEBHOOK_SECRET": secrets.token_hex(16),
        "postgres_password": secrets.token_hex(16),
        "owner_password": secrets.token_hex(16),
        "app_password": secrets.token_hex(16),
        "redis_password": secrets.token_hex(16),
    }


class State:
    """One state folder, opened for one run; `secrets` is filled once the folder is taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: dict[str, str] = {}
        self.logs = folder / "logs"
        self.mails = folder / "mails"
        self._run_file = folder / "run.json"
        self._lock: int | None = None

    def take(self, command: str) -> None:
        """Takes the folder for this process, or raises RunError that names who has it."""
        deadline = time.monotonic() + STOPPING_SECONDS
        while not self.try_take(command):
            holder = self.holder()
            if is_alive(holder.get("pid", 0)) or time.monotonic() > deadline:
                raise self.in_use()
            time.sleep(0.1)  # killed a moment ago: its guard still ends what it left

    def try_take(self, command: str) -> bool:
        """Takes the folder unless another run has it.

        Raises: RunError when the folder was made by another version, has lost its secrets or is closed to this user.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)
            self._check_version()
            for folder in (self.logs, self.mails):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.secrets = self._keep_secrets()
        except PermissionError as error:
            raise RunError(
                f"the state folder {self.folder} is closed to this user ({error.filename}): "
                "run as its owner, or remove the folder to start afresh."
            ) from None
        return True

    def release(self) -> None:
        """Gives the folder back; a guard that still runs keeps it taken until it ends."""
        if self._lock is not None:
            self._run_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    @property
    def lock_descriptor(self) -> int:
        if self._lock is None:
            raise RuntimeError("the state folder is not taken")
        return self._lock

    def holder(self) -> dict[str, Any]:
        """{"pid", "command"} of the run that has or last had the folder."""
        return read_json(self.folder / "lock")

    def in_use(self) -> RunError:
        holder = self.holder()
        return RunError(
            f"another run.py ({holder.get('command', '?')}, process {holder.get('pid', '?')}) uses {self.folder}: "
            "stop it or wait for its end."
        )

    def write_run(self, run: Mapping[str, Any]) -> None:
        write_private(self._run_file, json.dumps(run, indent=2))

    def read_run(self) -> dict[str, Any]:
        """What the current run, or one that was killed, wrote; empty if there is none."""
        return read_json(self._run_file)

    def _check_version(self) -> None:
        path = self.folder / "version"
        if not path.exists() and not (self.folder / "postgres").exists():
            path.write_text(VERSION + "\n")
        found = path.read_text().strip() if path.exists() else "none"
        if found != VERSION:
            raise RunError(
                f"the state folder {self.folder} is of another version ({found}, this is {VERSION}): "
                "remove it to start afresh, or move it away and go back to the version that made it."
            )

    def _keep_secrets(self) -> dict[str, str]:
        path = self.folder / "secrets.json"
        found = read_json(path)
        if not found and (self.folder / "postgres").exists():
            raise RunError(
                f"{path} is gone, and with it the passwords of the database: put it back or remove {self.folder}."
            )
        kept = {**_new_secrets(), **found}
        if kept != found:
            write_private(path, json.dumps(kept, indent=2))
        return kept


def read_json(path: Path) -> dict[str, Any]:
    """Empty if there is no such file, or none that can be understood."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return dict(json.loads(path.read_text()))
    return {}


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step, readable by its owner alone from the first moment."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
