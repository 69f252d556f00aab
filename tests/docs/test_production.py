"""docs/setup-production.md, the Dockerfile and compose.yaml tell the same, and what they tell is so."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings

from config.environment import LONG_SECRETS, REQUIRED_IN_PRODUCTION, secrets
from payments.gateways.stripe import READERS
from tests.docs.documents import read, rows, section
from tests.services import ROOT

DOCUMENT = "docs/setup-production.md"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(read("compose.yaml"))


def commands() -> dict[str, list[str]]:
    """The command of each process, as the document tells it."""
    return {process: shlex.split(command) for process, _, command in rows(section(DOCUMENT, "The processes"))}


def test_the_image_and_compose_run_the_commands_of_the_document(compose):
    (of_the_image,) = re.findall(r"^CMD (\[.*\])$", read("Dockerfile"), re.MULTILINE)
    services = compose["services"]
    assert commands() == {
        "web": json.loads(of_the_image),
        "worker": services["worker"]["command"],
        "beat": services["beat"]["command"],
    }


def test_a_web_process_has_a_connection_for_each_thread():
    web = commands()["web"]
    assert int(web[web.index("--blocking-threads") + 1]) <= settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]


def test_the_image_holds_every_app_and_nothing_of_development():
    allowed = {line[1:].rstrip("/") for line in read(".dockerignore").splitlines() if line.startswith("!")}
    apps_of_ours = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert allowed == apps_of_ours | {"config", "templates", "static", "locale", "manage.py", "requirements/base.txt"}
    assert "*" in read(".dockerignore").splitlines(), "what is not named stays out"


def test_only_the_migration_knows_the_owner(compose):
    knowing = {
        name
        for name, service in compose["services"].items()
        if "BERTH_OWNER_PASSWORD" in json.dumps(service.get("environment", {}))
    }
    assert knowing == {"migrate"}


def test_nothing_serves_before_the_migration(compose):
    for name in ("web", "worker", "beat"):
        waits_for = compose["services"][name]["depends_on"]
        assert waits_for["migrate"]["condition"] == "service_completed_successfully"


def test_what_production_needs_is_told():
    (told,) = [part for part in section(DOCUMENT, "The environment").split("\n\n") if part.startswith("SECRET_KEY,")]
    assert set(re.findall(r"[A-Z_]{5,}", told)) == {*REQUIRED_IN_PRODUCTION, "REDIS_HOST", "ENVIRONMENT"}


def test_secrets_that_can_be_replaced_are_told():
    """Those that are read as several values."""
    told = {name for name, _, _ in rows(section(DOCUMENT, "The environment"))}
    assert told == set(re.findall(rf'{secrets.__name__}\("(\w+)"\)', read("config/settings.py")))
    assert set(LONG_SECRETS) - {"SECRET_KEY"} <= told


def test_the_key_of_stripe_may_do_what_is_called_and_nothing_else():
    resource = r"\b(\w+)\.(?:create|retrieve|list|expire|update|cancel)\b"
    sources = [path.read_text() for path in (ROOT / "payments/gateways/stripe").glob("*.py")]
    called = {name for source in sources for name in re.findall(resource, source)}
    assert "refunds" in called, "the search finds nothing"
    lines = map(str.strip, section(DOCUMENT, "Stripe").splitlines())  # the table is part of a list
    told = [name for _, _, names in rows("\n".join(lines)) for name in names.split(", ")]
    assert set(told) == called


def test_the_events_to_subscribe_to_are_those_that_are_read():
    text = section(DOCUMENT, "Stripe")
    assert re.findall(r"^   - `([\w.]+)`$", text, re.MULTILINE) == list(READERS)
    assert settings.STRIPE_API_VERSION in text


def test_log_messages_to_watch_are_logged():
    sources = "".join(
        file.read_text() for app in ("core", "accounts", "payments") for file in (ROOT / app).rglob("*.py")
    )
    told = [cells[0] for cells in rows(section(DOCUMENT, "Health, logs and what to watch")) if "/" not in cells[0]]
    assert len(told) > 4
    assert [message for message in told if f'"{message}"' not in sources] == []
