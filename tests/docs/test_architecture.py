"""What docs/architecture.md tells in tables is what the code says."""

import re

import pytest
from celery.schedules import crontab
from django.apps import apps

from core import jobs, outbox
from core.transitions import Stateful
from ledger.chart import kind_of
from tests.docs.documents import read, rows, section
from tests.services import ROOT

DOCUMENT = "docs/architecture.md"
STATEFUL = {model.__name__: model for model in apps.get_models() if issubclass(model, Stateful)}


def states() -> dict[str, str]:
    """The text about each model's states, by the model's name."""
    _, *parts = re.split(r"^### (\w+)\n", section(DOCUMENT, "States"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_model_with_states_is_told():
    assert set(states()) == set(STATEFUL)


@pytest.mark.parametrize("name", STATEFUL)
def test_states_are_those_of_the_code(name):
    text, transitions = states()[name], STATEFUL[name].transitions
    beginning = text.strip().split("\n\n", maxsplit=1)[0].split(";")[0]
    assert sorted(re.findall(r"`(\w+)`", beginning)) == transitions.initial
    assert {old: sorted(re.findall(r"\w+", new)) for old, new in rows(text)} == transitions.allowed


def test_jobs_are_those_of_the_registry():
    told = {name: (when, queue) for name, when, queue, _ in rows(section(DOCUMENT, "Jobs"))}
    schedules = {
        "every minute": crontab(),
        "every 5 minutes": crontab(minute="*/5"),
        "every 10 minutes": crontab(minute="*/10"),
        "every 15 minutes": crontab(minute="*/15"),
        "at a quarter past each hour": crontab(minute=15),
        "at half past each hour": crontab(minute=30),
        "at a quarter to each hour": crontab(minute=45),
        "at 2:00": crontab(minute=0, hour="2,8,14,20"),
        "at 3:30": crontab(minute=30, hour=3),
        "at 4:20": crontab(minute=20, hour=4),
        "on the 1st at 3:00": crontab(minute=0, hour=3, day_of_month=1),
    }
    assert set(told) == {job.name for job in jobs.registered()}
    for job in jobs.registered():
        when, queue = told[job.name]
        assert (schedules[when.split(",")[0]], queue) == (job.schedule, job.queue), job.name


def test_outbox_messages_are_those_with_handlers():
    assert [kind for kind, _ in rows(section(DOCUMENT, "Outbox"))] == outbox.kinds()


def test_accounts_of_the_postings_are_on_the_chart():
    codes = re.findall(
        r"`([a-z]+:[a-z:_]+)`", "".join(re.findall(r"^\| .*$", section(DOCUMENT, "Ledger"), re.MULTILINE))
    )
    assert len(codes) > 5
    for code in codes:
        kind_of(code)


def test_every_decision_is_listed():
    listed = re.findall(r"\(decisions/([\w-]+\.md)\)", read(DOCUMENT))
    assert listed == sorted(file.name for file in (ROOT / "docs" / "decisions").iterdir())
