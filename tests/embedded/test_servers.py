"""The embedded servers: rights of the roles, secrets that stay secret, and an end that leaves nothing behind."""

import os
import pwd
import signal
import socket
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from embedded.processes import command_line, is_alive
from tests.embedded.conftest import Held, eventually

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else to run PostgreSQL")


@pytest.fixture(scope="module")
def durable(folder):
    held = Held(folder / "durable")
    yield held
    held.stop()


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def _children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_the_runtime_role_can_make_nothing_and_owns_nothing(durable) -> None:
    with _connect(durable.environment["DATABASE_URL"]) as runtime:
        assert runtime.execute("SELECT current_user").fetchone() == ("berth_app",)
        for statement in (
            "CREATE TABLE mine ()",
            "CREATE TEMP TABLE mine ()",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(InsufficientPrivilege):
                runtime.execute(statement)
        owned = "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid WHERE rolname = 'berth_app'"
        assert runtime.execute(owned).fetchone() == (0,)


def test_the_owner_makes_tables_and_is_no_superuser(durable) -> None:
    with _connect(durable.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE its (id int)")
        owner.execute("DROP TABLE its")
        assert owner.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone() == (
            False,
            False,
        )
        with pytest.raises(InsufficientPrivilege):
            owner.execute("CREATE DATABASE another")


def test_a_password_is_asked_for(durable) -> None:
    for url in (durable.environment["DATABASE_URL"], durable.environment["DATABASE_OWNER_URL"]):
        with pytest.raises(psycopg.OperationalError, match="password"):
            _connect(url.replace(urlsplit(url).password, "guessed"))


def test_the_demo_database_is_durable_and_speaks_utf8_and_utc(durable) -> None:
    with _connect(durable.environment["DATABASE_URL"]) as runtime:
        settings = "fsync", "full_page_writes", "synchronous_commit", "server_encoding", "timezone", "max_connections"
        found = [runtime.execute(f"SHOW {name}").fetchone()[0] for name in settings]
        assert found == ["on", "on", "on", "UTF8", "UTC", "200"]
        assert runtime.execute("SELECT upper('é'), 'ß' ~ '[[:alpha:]]'").fetchone() == ("É", True)


def test_valkey_asks_for_a_password_and_keeps_a_log_of_writes(durable) -> None:
    url = urlsplit(durable.environment["REDIS_URL"])
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")
        connection.sendall(f"AUTH {url.password}\r\n".encode())
        assert connection.recv(100) == b"+OK\r\n"
        connection.sendall(b"CONFIG GET appendonly\r\n")
        assert connection.recv(100).endswith(b"yes\r\n")


def test_the_servers_listen_on_this_machine_alone(durable) -> None:
    [address] = {
        info[4][0]
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        if info[4][0] != "127.0.0.1"
    } or {"127.0.0.2"}
    for url in (durable.environment["DATABASE_URL"], durable.environment["REDIS_URL"]):
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, urlsplit(url).port)) != 0


def test_no_secret_is_in_the_process_list_or_open_to_others(durable) -> None:
    lines = [command_line(pid) for pid in durable.children().values()]
    assert len(lines) == 2
    assert all(lines)
    assert not [line for line in lines for secret in durable.secrets().values() if secret in line]

    for file in (path for path in durable.folder.rglob("*") if path.is_file()):
        if any(secret.encode() in file.read_bytes() for secret in durable.secrets().values()):
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_postgresql_runs_unprivileged(durable) -> None:
    server = durable.children()["postgres"]
    assert Path(f"/proc/{server}").stat().st_uid == os.geteuid()
    effective = next(
        line for line in Path(f"/proc/{server}/status").read_text().split("\n") if line.startswith("CapEff")
    )
    assert int(effective.split()[1], 16) == 0


@needs_root
def test_where_user_namespaces_are_refused_postgresql_runs_as_nobody(hold) -> None:
    held = hold("nobody", "--no-namespaces", "--throw-away")

    assert Path(f"/proc/{held.children()['postgres']}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    with _connect(held.environment["DATABASE_URL"]) as runtime:
        assert runtime.execute("SELECT current_user").fetchone() == ("berth_app",)


def test_throw_away_servers_are_fast_and_let_the_owner_make_databases(hold) -> None:
    held = hold("throw-away", "--throw-away")

    with _connect(held.environment["DATABASE_OWNER_URL"]) as owner:
        assert owner.execute("SHOW fsync").fetchone() == ("off",)
        owner.execute("CREATE DATABASE test_berth")
        owner.execute("DROP DATABASE test_berth")


def test_kill_9_leaves_nothing_behind_and_no_harm_done(hold) -> None:
    first = hold("killed")
    pids = [*first.children().values(), *_children_of(first.process.pid)]
    with _connect(first.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE kept ()")

    first.process.kill()
    first.process.wait()

    assert eventually(lambda: not any(map(is_alive, pids)))
    second = hold("killed")
    assert "database system is shut down" in first.log("postgres")
    assert "not properly shut down" not in first.log("postgres")
    with _connect(second.environment["DATABASE_OWNER_URL"]) as owner:
        owner.execute("DROP TABLE kept")


def test_what_a_run_left_that_died_with_its_guard_is_ended_by_the_next(hold) -> None:
    first = hold("shared", "--throw-away")
    orphans = first.children()
    [guard] = _children_of(first.process.pid) - set(orphans.values())

    first.process.send_signal(signal.SIGSTOP)  # or it would see the guard die and stop in order
    os.kill(guard, signal.SIGKILL)
    first.process.kill()
    first.process.wait()
    assert all(map(is_alive, orphans.values()))
    second = hold("shared", "--throw-away")

    assert not any(map(is_alive, orphans.values()))
    assert set(second.children()) == {"postgres", "valkey"}


@pytest.mark.parametrize("victim", ["postgres", "valkey"])
def test_a_server_that_dies_is_named_and_takes_the_rest_along(hold, victim) -> None:
    held = hold("shared", "--throw-away")
    pids = held.children()

    os.kill(pids[victim], signal.SIGKILL)
    _, errors = held.process.communicate(timeout=20)

    assert held.process.returncode == 1
    assert errors.startswith(f"{victim} ended by itself (exit code -9)")
    assert not any(map(is_alive, pids.values()))


def test_a_pid_file_whose_number_now_is_another_process_does_not_hinder(hold, folder) -> None:
    hold("shared", "--throw-away").stop()
    data = folder / "shared" / "postgres" / "data"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n1\n\n127.0.0.1\n\nready\n")

        try:
            hold("shared", "--throw-away")
            assert stranger.poll() is None
        finally:
            stranger.kill()
