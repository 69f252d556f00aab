"""Berth's own programs: the gateway sandbox, migrations and demo data, and then web, worker and beat."""

import json
import shutil
import sys
from collections.abc import Mapping

from embedded import PROJECT
from embedded.environment import public_host
from embedded.ports import LOCALHOST, answers
from embedded.progress import step
from embedded.stack import Stack

START_SECONDS = 60
# A demo on a laptop: one process, and as many threads as its pool of 20 database connections can serve with room left.
WEB_THREADS = 16
WORKER_PROCESSES = 2


def start_sandbox(stack: Stack, env: Mapping[str, str], *, port: int, webhook_base: str) -> None:
    """Starts the stand-in for Stripe and Flutterwave, which sends its events to `webhook_base`."""
    arguments = [
        *(sys.executable, "-m", "sandbox", "--port", str(port)),
        *("--state", str(stack.state.folder / "sandbox.sqlite3")),
        *("--webhook-url", f"{webhook_base}/webhooks/stripe"),
        *("--flutterwave-webhook-url", f"{webhook_base}/webhooks/flutterwave"),
    ]
    sandbox = stack.start("sandbox", arguments, kind="sandbox", env=env, cwd=PROJECT)
    host = f"{LOCALHOST}:{port}"
    stack.wait_until(sandbox, lambda: answers(f"http://{host}/", host), seconds=START_SECONDS)


def prepare(stack: Stack, env: Mapping[str, str]) -> list[dict[str, str]]:
    """Migrates and seeds; returns the demo sign-ins, {"role", "email", "password"} each."""
    manage = [sys.executable, str(PROJECT / "manage.py")]
    with step("migrating"):
        stack.run("migrate", [*manage, "migrate", "--no-input"], env=env)
    with step("seeding the demo"):
        seeded = stack.run("seed_demo", [*manage, "seed_demo", "--json"], env=env, capture=True)
    return list(json.loads(seeded)["sign_ins"])


def serve(stack: Stack, env: Mapping[str, str], *, port: int) -> None:
    """Starts web, worker and beat and returns when the web server answers."""
    python = [sys.executable, "-m"]
    counters = stack.state.folder / "metrics"  # of all three processes, which /metrics tells of as one
    shutil.rmtree(counters, ignore_errors=True)
    env = {"PROMETHEUS_MULTIPROC_DIR": str(counters), **env}
    with step("starting web, worker and beat"):
        web = stack.start(
            "web",
            [
                *(*python, "granian", "--interface", "wsgi", "config.wsgi:application"),
                *("--host", LOCALHOST, "--port", str(port), "--no-ws"),
                *("--workers", "1", "--blocking-threads", str(WEB_THREADS)),
            ],
            env=env,
            cwd=PROJECT,
        )
        celery = [*python, "celery", "-A", "config"]
        stack.start(
            "worker",
            [
                *(*celery, "worker", "--loglevel", "INFO", "-Q", "emails,webhooks,scheduled"),
                *("--concurrency", str(WORKER_PROCESSES), "--without-mingle", "--without-gossip"),
            ],
            env=env,
            cwd=PROJECT,
        )
        schedule = str(stack.state.folder / "beat-schedule")
        stack.start("beat", [*celery, "beat", "--loglevel", "INFO", "--schedule", schedule], env=env, cwd=PROJECT)
        url = f"http://{LOCALHOST}:{port}/health/live"
        stack.wait_until(web, lambda: answers(url, public_host(env)), seconds=START_SECONDS)
