"""Lists: newest first, in pages, with the totals in `meta`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from math import ceil
from typing import Any

from sandbox.flutterwave import fields
from sandbox.store import Json, field_is
from sandbox.world import World

PAGE = 10  # objects
DAY = 86_400

PARAMETERS: Mapping[str, fields.Reader] = {
    "from": fields.day,
    "to": fields.day,
    "page": fields.whole(1, 1_000_000),
}


def page(
    world: World,
    kind: str,
    given: Mapping[str, Any],
    *,
    conditions: Sequence[tuple[str, Any]],
    shown: Callable[[Json], Json],
) -> Json:
    """`from` and `to` are days, both included."""
    conditions = [*conditions, *_between(given.get("from"), given.get("to"))]
    total, number = world.store.count(kind, conditions), given.get("page", 1)
    found = world.store.select(kind, conditions, newest_first=True, limit=PAGE, offset=(number - 1) * PAGE)
    return {
        "meta": {"page_info": {"total": total, "current_page": number, "total_pages": ceil(total / PAGE)}},
        "data": [shown(one) for one in found],
    }


def equal(given: Mapping[str, Any], *names: str) -> list[tuple[str, Any]]:
    """The conditions for those of the fields that were given."""
    return [field_is(name, given[name]) for name in names if name in given]


def _between(first: date | None, last: date | None) -> list[tuple[str, Any]]:
    conditions: list[tuple[str, Any]] = []
    if first is not None:
        conditions.append(("created >= ?", _start(first)))
    if last is not None:
        conditions.append(("created < ?", _start(last) + DAY))
    return conditions


def _start(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
