"""Backup and restore by the very commands of docs/setup-production.md."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests import scratch
from tests.another_server import Server
from tests.docs.documents import section, shell_blocks
from tests.services import ROOT, environment

BACKUP, RESTORE, CHECK = shell_blocks(section("docs/setup-production.md", "Backup and restore"))
FOLDER = "/var/backups/berth"
NAME = "berth_restored"  # of the database that is restored


def shell(script: str, folder: Path, **env: str) -> str:
    """Commands of the document, with PostgreSQL's programs; its folders stand for those of a test."""
    path = f"{scratch.programs()}:{os.environ['PATH']}"
    script = re.sub(r"\bdeploy/", f"{ROOT}/deploy/", script).replace(FOLDER, str(folder))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env={**kept, **env, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def libpq(url: str) -> dict[str, str]:
    """An address as libpq's variables."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGDATABASE": parts.path[1:],
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
    }


def back_up(owner_url: str, folder: Path) -> Path:
    """The file of a new backup."""
    return Path(shell(BACKUP, folder, **libpq(owner_url)).strip())


def restore(file: Path, server: Server) -> None:
    """From the file, on a server that has the roles."""
    shell(re.sub(r"/berth-\d{8}T\d{6}Z\.dump", f"/{file.name}", RESTORE), file.parent, **server.superuser)


def check(**services: str) -> str:
    """What is to be done before anything serves from it; gives what was printed."""
    env = environment(**services, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    done = subprocess.run(["sh", "-e", "-c", CHECK], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
