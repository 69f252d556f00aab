"""The environment: production refuses to start with less than it needs, and names all of it at once."""

import os
import subprocess
import sys

import pytest

from config.environment import LONG_SECRETS, REQUIRED_IN_PRODUCTION
from tests.services import ROOT

GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": "berth.example",
    "PUBLIC_URL": "https://berth.example",
    "DATABASE_URL": "postgres://app@127.0.0.1/berth",
    "REDIS_URL": "redis://127.0.0.1/0",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "JWT_SECRET": "j" * 32,
    "REFRESH_TOKEN_PEPPER": "p" * 32,
    "JOBS_SECRET": "o" * 32,
    "EMAIL_URL": "smtp://127.0.0.1:25",
}


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own, with this environment and nothing else."""
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); print('started')"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_starts_with_everything_set():
    started = start(GOOD)
    assert (started.returncode, started.stdout.strip()) == (0, "started"), started.stderr


def test_every_missing_secret_is_named_in_one_error():
    refused = start({"ENVIRONMENT": "production"})
    assert refused.returncode != 0
    last_line = refused.stderr.strip().splitlines()[-1]
    assert all(f"{name} is missing" in last_line for name in REQUIRED_IN_PRODUCTION)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        *(({name: "short"}, f"{name} is shorter than 32 characters") for name in LONG_SECRETS),
        ({"JWT_SECRET": "j" * 32 + ",short"}, "JWT_SECRET is shorter"),
        ({"PUBLIC_URL": "http://berth.example"}, "https"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, "STRIPE_API_BASE"),
        ({"FLUTTERWAVE_API_BASE": "http://127.0.0.1:1"}, "FLUTTERWAVE_API_BASE"),
        ({"RATE_LIMITS": "off"}, "RATE_LIMITS"),
        ({"RATE_LIMITS": "hold=many"}, "RATE_LIMITS: 'hold=many'"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,proxy.example"}, "TRUSTED_PROXIES: 'proxy.example'"),
        ({"ADMIN_PATH": "back/office"}, "ADMIN_PATH: 'back/office'"),
        ({"ENVIRONMENT": "staging"}, "one of development, test, production"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
    ],
)
def test_what_is_unfit_is_refused(change, complaint):
    refused = start(GOOD | change)
    assert refused.returncode != 0
    assert complaint in refused.stderr.strip().splitlines()[-1]


FLUTTERWAVE = {
    "FLUTTERWAVE_PUBLIC_KEY": "FLWPUBK-x",
    "FLUTTERWAVE_SECRET_KEY": "FLWSECK-x",
    "FLUTTERWAVE_WEBHOOK_SECRET": "hash",
}


def test_flutterwave_needs_all_of_its_keys_or_none():
    assert start(GOOD | FLUTTERWAVE).stdout.strip() == "started"
    for name, value in FLUTTERWAVE.items():
        refused = start(GOOD | {name: value})
        last_line = refused.stderr.strip().splitlines()[-1]
        assert all((f"{other} is missing" in last_line) == (other != name) for other in FLUTTERWAVE)


def test_redis_may_be_named_by_host_port_and_password():
    parts = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "7000", "REDIS_PASSWORD": "p@ss/word"}
    without = {name: value for name, value in GOOD.items() if name != "REDIS_URL"}
    assert start(without | parts).stdout.strip() == "started"
