"""The example alerts and the dashboard ask for metrics that there are, by labels that they have."""

import json
import re

import pytest
import yaml
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from core import jobs
from tests.docs.documents import read, rows, section

SUFFIXES = r"(_total|_bucket|_count|_sum)?$"


def alerts() -> dict[str, str]:
    (group,) = yaml.safe_load(read("docs/monitoring/alerts.yml"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def panels() -> dict[str, str]:
    told = json.loads(read("docs/monitoring/dashboard.json"))["panels"]
    return {panel["title"]: " ".join(target["expr"] for target in panel["targets"]) for panel in told}


@pytest.fixture
def known(db) -> dict[str, set[str]]:
    """The labels of every metric by its name."""
    jobs.run("cleanup_outbox")
    read_now = text_string_to_metric_families(Client().get("/metrics").content.decode())
    told = {family.name: {name for sample in family.samples for name in sample.labels} for family in read_now}
    counted = {
        metric._name: set(metric._labelnames)
        for metric in REGISTRY._collector_to_names
        if hasattr(metric, "_labelnames")
    }
    return {name: labels for name, labels in {**told, **counted}.items() if name.startswith("berth_")}


def asked(expression: str) -> set[str]:
    return {re.sub(SUFFIXES, "", name) for name in re.findall(r"\bberth_\w+", expression)}


@pytest.mark.parametrize("told", [alerts, panels])
def test_every_metric_that_is_asked_for_exists(known, told):
    assert len(told()) > 10
    for title, expression in told().items():
        assert asked(expression) <= known.keys(), title


@pytest.mark.parametrize("told", [alerts, panels])
def test_every_label_that_is_asked_for_is_one_of_that_metric(known, told):
    for title, expression in told().items():
        for name, conditions in re.findall(r"\b(berth_\w+)\{([^}]*)\}", expression):
            labels = set(re.findall(r"(\w+)\s*[=!]", conditions)) - {"le"}
            assert labels <= known[re.sub(SUFFIXES, "", name)], title
        grouped = {label.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(",")}
        assert grouped - {"le"} <= set().union(*(known[name] for name in asked(expression))), title


def test_every_reading_has_an_alert_or_is_on_the_dashboard(known):
    watched = set().union(*map(asked, [*alerts().values(), *panels().values()]))
    assert known.keys() - watched == {"berth_job_seconds", "berth_outbox_tries"}


def test_the_guide_lists_every_metric(known):
    told = {name for name, *_ in rows(section("docs/setup-production.md", "Metrics"))}
    assert {re.sub(SUFFIXES, "", name) for name in told} == known.keys()


def test_the_guide_says_what_to_do_at_each_alert():
    told = rows(section("docs/setup-production.md", "When something is wrong"))
    names = [name for cells in told for name in cells[0].split(", ") if name.startswith("Berth")]
    assert names == list(alerts())
