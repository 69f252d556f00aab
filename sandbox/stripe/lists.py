"""Lists, newest first, by cursor: https://docs.stripe.com/api/pagination"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.store import Json, Store
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.forms import Raw
from sandbox.stripe.parameters import Field, Hash, Integer, Text

DEFAULT_LIMIT = 10
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
BOUNDS = Hash(dict.fromkeys(COMPARISONS, Integer()))


@dataclass(frozen=True)
class Moments:
    """Such as `created`: one moment, or bounds."""

    def read(self, raw: Raw, name: str) -> dict[str, int]:
        if isinstance(raw, str):
            moment = Integer().read(raw, name)
            return {"gte": moment, "lte": moment}
        return BOUNDS.read(raw, name)


CURSOR: Mapping[str, Field] = {"limit": Integer(1, 100), "starting_after": Text(), "ending_before": Text()}
PARAMETERS: Mapping[str, Field] = {**CURSOR, "created": Moments()}


def page(
    store: Store,
    kind: str,
    params: Mapping[str, Any],
    *,
    url: str,
    noun: str,
    conditions: Sequence[tuple[str, Any]] = (),
) -> Json:
    """One page of the objects of a kind. Raises StripeError when the cursor names nothing."""
    wanted = [*conditions, *within("created", params.get("created", {}))]
    backwards = "ending_before" in params
    if backwards and "starting_after" in params:
        raise StripeError("You may only specify one of these parameters: starting_after, ending_before.")
    for cursor, comparison in (("starting_after", "<"), ("ending_before", ">")):
        if cursor in params:
            position = store.position(kind, params[cursor])
            if position is None:
                raise missing(noun, params[cursor], param=cursor, status=400)
            wanted.append((f"seq {comparison} ?", position))
    limit = params.get("limit", DEFAULT_LIMIT)
    found = store.select(kind, wanted, newest_first=not backwards, limit=limit + 1)
    shown = found[:limit]
    if backwards:
        shown.reverse()
    return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": url}


def within(column: str, moments: Mapping[str, int]) -> list[tuple[str, int]]:
    """The conditions that a column (our own SQL) lies between bounds as `Moments` reads them."""
    return [(f"{column} {COMPARISONS[bound]} ?", moment) for bound, moment in moments.items()]


def page_of(items: Sequence[Json], params: Mapping[str, Any], *, url: str) -> Json:
    """One page of a list that an object holds itself, in its own order."""
    start, end = 0, len(items)
    places = {item["id"]: index for index, item in enumerate(items)}
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in places:
            raise missing("item", params[cursor], param=cursor, status=400)
    limit = params.get("limit", DEFAULT_LIMIT)
    if "starting_after" in params:
        start = places[params["starting_after"]] + 1
    if "ending_before" in params:
        end = places[params["ending_before"]]
        start = max(start, end - limit)
        return {"object": "list", "data": list(items[start:end]), "has_more": start > 0, "url": url}
    return {"object": "list", "data": list(items[start:end][:limit]), "has_more": end - start > limit, "url": url}
