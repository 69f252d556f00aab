"""docs/setup-production.md, the Dockerfile and compose.yaml tell the same, and what they tell is so."""

import json
import platform
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
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


def manifests() -> list[dict[str, Any]]:
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each process that a manifest describes."""
    found = {one["spec"]["template"]["metadata"]["labels"]["process"]: one["spec"]["template"]["spec"]
             for one in manifests() if "template" in one["spec"]}  # fmt: skip
    assert found.keys() == {"web", "worker", "beat", "migrate"}
    return found


def test_kubernetes_knows_every_field_of_the_manifests():
    for manifest in manifests():
        kubernetes_validate.validate(manifest, "1.33", strict=True)


def test_kubernetes_runs_the_commands_of_the_document(compose):
    arguments = {process: pod["containers"][0].get("args") for process, pod in pods().items()}
    told = commands()
    assert arguments["web"] is None, "the image's own"
    assert (arguments["worker"], arguments["beat"]) == (told["worker"], told["beat"])
    assert arguments["migrate"] == compose["services"]["migrate"]["command"]


def test_on_kubernetes_nothing_has_more_rights_than_it_needs():
    for process, pod in pods().items():
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in read(
            "Dockerfile"
        )
        locked = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == locked
        secrets_of = [source["secretRef"]["name"] for source in container["envFrom"]]
        assert secrets_of == (["berth", "berth-owner"] if process == "migrate" else ["berth"])


def test_every_image_is_the_one_of_this_release():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert {pod["containers"][0]["image"] for pod in pods().values()} == {f"berth:{version}"}


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the linters are programs for one platform"
)
@pytest.mark.parametrize(
    "command", [["hadolint", "Dockerfile"], ["shellcheck", "deploy/backup", "deploy/restore"]], ids=lambda told: told[0]
)
def test_the_linters_find_nothing(command):
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


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
