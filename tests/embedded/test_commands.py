"""run.py as its user sees it: start, sign in, manage, stop."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from embedded.processes import is_alive
from tests.embedded.conftest import PROJECT, fresh_environment

LAUNCH = [sys.executable, "-m", "tests.embedded.launch"]
SHOW_ADDRESS = ["manage", "shell", "-v", "0", "-c", "from django.conf import settings; print(settings.PUBLIC_URL)"]


def _launch(folder, *arguments, **environment) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAUNCH, folder, *arguments],
        cwd=PROJECT,
        env={**fresh_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _token(address, person) -> int:
    request = urllib.request.Request(
        f"{address}/api/v1/auth/token",
        data=json.dumps({"email": person[0], "password": person[1]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status


def _figure(address, name, labels) -> float:
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{") and labels in line)


def test_a_demo_from_its_start_to_its_stop(folder) -> None:
    state = folder / "demo"
    with subprocess.Popen(
        [*LAUNCH, state, "--port", "0"],
        cwd=PROJECT,
        env=fresh_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            welcome = "".join(iter(running.stdout.readline, "Ctrl-C stops everything.\n"))
            address = re.search(r"Berth runs at (\S+)", welcome)[1]
            sign_ins = re.findall(r"^  (\w+) +(\S+@\S+) +(\S+)$", welcome, re.MULTILINE)
            children = json.loads((state / "run.json").read_text())["children"]

            assert {role for role, *_ in sign_ins} == {
                "traveller",
                "staff",
                "support",
                "finance",
                "controller",
                "auditor",
            }
            assert _token(address, sign_ins[0][1:]) == 200
            assert set(children) == {"postgres", "valkey", "sandbox", "web", "worker", "beat"}

            second = _launch(state, "--port", "0")
            assert second.returncode == 1
            assert f"run.py: another run.py (start, process {running.pid}) uses {state}" in second.stderr

            assert _figure(address, "berth_request_seconds_count", 'route="api/v1/auth/token"') == 1

            managed = _launch(state, *SHOW_ADDRESS)
            assert (managed.stdout, managed.stderr) == (f"{address}\n", "")
        finally:
            running.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            running.wait()

    assert running.returncode == 0
    assert time.monotonic() - asked < 20
    assert not any(is_alive(child["pid"]) for child in children.values())
    assert not (state / "run.json").exists()
    assert "Warm shutdown" in (state / "logs" / "worker.log").read_text()
    assert (state / "logs" / "postgres.log").read_text().rstrip().endswith("database system is shut down")


def test_manage_starts_servers_for_the_moment_and_keeps_standard_output_clean(folder) -> None:
    done = _launch(folder / "moment", *SHOW_ADDRESS)

    assert (done.returncode, done.stdout) == (0, "http://127.0.0.1:8000\n")
    assert done.stderr.startswith("starting PostgreSQL … ")
    assert "is shut down" in (folder / "moment" / "logs" / "postgres.log").read_text()


def test_the_exit_code_of_manage_is_that_of_the_command(folder) -> None:
    assert _launch(folder / "moment", "manage", "shell", "-c", "raise SystemExit(7)").returncode == 7


def test_manage_starts_nothing_for_a_caller_with_servers(folder) -> None:
    done = _launch(
        folder / "own", *SHOW_ADDRESS, DATABASE_URL="postgres://me@127.0.0.1:9/x", REDIS_URL="redis://127.0.0.1:9/0"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "http://127.0.0.1:8000\n", "")
    assert not (folder / "own" / "postgres").exists()


@pytest.mark.parametrize("arguments", [[], ["test"], ["install"]])
def test_in_production_there_is_only_manage(folder, arguments) -> None:
    done = _launch(folder / "production", *arguments, ENVIRONMENT="production")

    assert done.returncode == 1
    assert done.stderr == "run.py: with ENVIRONMENT=production run.py offers `manage` alone.\n"


def test_in_production_manage_fills_in_nothing(folder) -> None:
    done = _launch(folder / "production", "manage", "check", ENVIRONMENT="production")

    assert done.returncode != 0
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY", "JOBS_SECRET", "EMAIL_URL"):
        assert f"{name} is missing" in done.stderr
    assert not (folder / "production").exists()
