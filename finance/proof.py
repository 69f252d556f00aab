"""Run the checks: whether the books agree with everything else, and if not, where.

All checks of the database see one snapshot of it, so that a system at work raises no false alarm; nothing is written.
Gateways are asked after that, outside any transaction.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.db import connection, transaction

from finance.checks.registry import Broken, Check, Checked, Note, registered

MOST = 1_000  # broken rows that are kept of each check; beyond that they are only counted


@dataclass
class Result:
    """What a check found: how many rows it went through, the broken ones, how many `more` there are, and notes."""

    name: str
    checked: int = 0
    broken: list[Broken] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is broken, as far as was looked."""
        return not self.broken

    def to_json(self) -> dict[str, Any]:
        """One of the report's `checks`."""
        return {
            "name": self.name,
            "checked": self.checked,
            "broken": [one.to_json() for one in self.broken],
            "more": self.more,
            "notes": self.notes,
        }


Progress = Callable[[Result, float], None]


def _silence(_result: Result, _seconds: float) -> None:
    """Nobody watches."""


def prove(names: Collection[str] = (), *, gateways: bool = True, progress: Progress = _silence) -> list[Result]:
    """Run the checks of these names, or all; without `gateways`, those that ask gateways say that they did not.

    `progress` is told each result and how many seconds it took. Not within a transaction: it takes one of its own.
    """
    chosen = [one for one in registered() if not names or one.name in names]
    in_database = [one for one in chosen if not one.asks_gateways]
    results: list[Result] = []
    if in_database:
        with _snapshot():
            results += [_run(one, progress) for one in in_database]
    for one in chosen:
        if one.asks_gateways:
            results.append(
                _run(one, progress) if gateways else Result(one.name, notes=["Not asked for: no gateway was."])
            )
    return results


@contextmanager
def _snapshot() -> Iterator[None]:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # All rows of a cursor are wanted, not the first few soon; and to compile takes longer than most checks do.
            cursor.execute("SET LOCAL cursor_tuple_fraction = 1; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'")
        yield


def _run(one: Check, progress: Progress) -> Result:
    result, begun = Result(one.name), monotonic()
    for found in one.find():
        match found:
            case Checked(rows):
                result.checked += rows
            case Note(text):
                result.notes.append(text)
            case Broken() if len(result.broken) < MOST:
                result.broken.append(found)
            case Broken():
                result.more += 1
    progress(result, monotonic() - begun)
    return result
