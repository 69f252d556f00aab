"""Schemathesis over docs/openapi.yaml for one caller: what was asked, how it was answered, what did not hold."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.engine import Status, events, from_schema

from tests.schema.checks import CHECKS, is_a_fault
from tests.services import ROOT

# Where values belong that exist. The rest of the time they are made up.
PLACES_OF_VALUES = {
    "references": ["path.reference"],
    "payments": ["path.payment_id"],
    "devices": ["path.device_id"],
    "trip_ids": ["path.trip_id"],
    "trips": ["body.trip"],
    "jobs": ["path.name"],
    "origins": ["query.origin", "body.origin"],
    "destinations": ["query.destination", "body.destination"],
    "dates": ["query.date"],
    "seats": ["body.seats[*]", "body.[*].seat", "body.passengers[*].seat"],
    "seat_lists": ["query.seats"],
    "amounts": ["body.expected_refund.amount", "body.expected_fee.amount"],
    "currencies": ["body.expected_refund.currency", "body.expected_fee.currency"],
    "refreshes": ["body.refresh"],
    "emails": ["body.email", "body.contact.email"],
    "passwords": ["body.password"],
    "names": ["body.full_name", "body.[*].full_name", "body.passengers[*].full_name"],
}
OFTEN = 0.8

Requests = Callable[[str], Iterable[dict[str, Any]]]


@dataclass
class Caller:
    """Who asks: with what, knowing what, and what is none of their business."""

    headers: dict[str, str]
    jobs_secret: str
    values: dict[str, list[Any]]
    sensible: Requests
    texts_of_others: list[str]
    ids_of_others: list[str]


@dataclass
class Fuzzed:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    by_operation: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[str, str] = field(default_factory=dict)  # one of each kind, and how to have it again

    def take(self, event: Any) -> None:
        """Remember what the engine tells."""
        if isinstance(event, events.ScenarioFinished):
            self._count(event.recorder)
            self._collect(event.recorder)
        elif isinstance(event, events.NonFatalError):
            self.failures.setdefault(f"{event.label}: {event.info.title}", str(event.value))
        elif isinstance(event, events.FatalError):
            raise event.exception

    def _count(self, recorder: Any) -> None:
        for case_id, interaction in recorder.interactions.items():
            operation = recorder.cases[case_id].value.operation
            if interaction.response is None:
                self.failures.setdefault(f"{operation.label}: no answer", interaction.request.uri)
                continue
            status = interaction.response.status_code
            self.statuses[status] += 1
            if interaction.request.method == operation.method.upper():  # not for one that is not offered
                self.by_operation[operation.label][status] += 1

    def _collect(self, recorder: Any) -> None:
        for found in (one for of_case in recorder.checks.values() for one in of_case):
            if found.status == Status.FAILURE:
                told = found.failure_info
                kind = f"{told.failure.operation or recorder.label}: {found.name}: {told.failure.title}"
                self.failures.setdefault(kind, f"{told.failure.message}\n{told.code_sample}")


def fuzz(web: str, caller: Caller, *, examples: int, seconds: int, seed: int) -> Fuzzed:
    """Ask whatever the schema allows and what it does not: so many made-up requests of a kind, or for so long."""
    config = schemathesis.Config.from_dict(
        {
            "base-url": web,
            "cache": {"enabled": False},  # no run depends on another
            "headers": caller.headers,
            "operations": [{"include-tag": "jobs", "headers": {"X-Jobs-Secret": caller.jobs_secret}}]
            if caller.jobs_secret
            else [],
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "checks": CHECKS | {"nothing_of_anothers": {"texts": caller.texts_of_others, "ids": caller.ids_of_others}},
            "dictionaries": {name: {"values": values} for name, values in caller.values.items()},
            "parameters": {
                place: {"dictionary": name, "probability": OFTEN}
                for name in caller.values
                for place in PLACES_OF_VALUES[name]
            },
            "continue-on-failure": True,
            "output": {"sanitization": {"enabled": False}},
            "suppress-health-check": ["all"],
            "request-timeout": 30,
            "seed": seed,
            **({"max-time": seconds} if seconds else {}),
        }
    )
    schema = schemathesis.openapi.from_path(ROOT / "docs/openapi.yaml", config=config)
    schema.hook("filter_failure")(is_a_fault)

    @schema.hook
    def before_add_examples(context: Any, examples: list[Any]) -> None:
        operation = context.operation
        examples.extend(operation.Case(**asked) for asked in caller.sensible(operation.label))

    fuzzed = Fuzzed()
    for event in from_schema(schema).execute():
        fuzzed.take(event)
    return fuzzed
