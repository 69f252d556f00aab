"""`expand[]`: ids replaced by the objects that they name. https://docs.stripe.com/api/expanding_objects"""

from collections.abc import Callable, Mapping, Sequence

from sandbox.store import Json, Store, field_is, public
from sandbox.stripe.errors import NotImplementedHereError, StripeError

# Which fields of which kind of object may be expanded, and into which kinds. None: here the field is always null.
LINKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "checkout.session": {
        "payment_intent": ("payment_intent",),
        "line_items": ("item list",),
        **dict.fromkeys(("customer", "invoice", "payment_link", "setup_intent", "subscription"), ()),
    },
    "payment_intent": {
        "latest_charge": ("charge",),
        **dict.fromkeys(("application", "customer", "on_behalf_of", "review"), ()),
    },
    "charge": {
        "balance_transaction": ("balance_transaction",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
        "refunds": ("refund list",),
        **dict.fromkeys(("application", "application_fee", "customer", "on_behalf_of", "review", "transfer"), ()),
    },
    "refund": {
        "balance_transaction": ("balance_transaction",),
        "charge": ("charge",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
        **dict.fromkeys(("customer", "source_transfer_reversal", "transfer_reversal"), ()),
    },
    "dispute": {"charge": ("charge",), "payment_intent": ("payment_intent",)},
    "payout": {
        "balance_transaction": ("balance_transaction",),
        "failure_balance_transaction": ("balance_transaction",),
        **dict.fromkeys(("application_fee", "original_payout", "reversed_by"), ()),
    },
    "balance_transaction": {"source": ("charge", "refund", "dispute", "payout")},
    "item list": {"data": ("item",)},
    "refund list": {"data": ("refund",)},
}
# Ids of objects that the sandbox does not keep.
BEYOND_US = ("payment_method", "destination")
DEEPEST = 4
LIST_SHOWN = 10


def check(paths: Sequence[str], kind: str, *, many: bool) -> None:
    """Raises StripeError for a path that does not lead from an object of this kind, or from a list of such."""
    for path in paths:
        steps = path.split(".")
        if many and steps[0] != "data":
            hint = f" You may want to try expanding 'data.{path}' instead." if steps[0] in LINKS.get(kind, {}) else ""
            raise StripeError(f"This property cannot be expanded ({path}).{hint}")
        if len(steps) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}")
        at = {kind}
        for step in steps[1:] if many else steps:
            if step in BEYOND_US:
                raise NotImplementedHereError(f"the expansion of {path}", param="expand")
            found = [LINKS[one][step] for one in at if step in LINKS.get(one, {})]
            if not found:
                raise StripeError(f"This property cannot be expanded ({path}).")
            at = {one for kinds in found for one in kinds}


def expand(store: Store, answer: Json, paths: Sequence[str]) -> None:
    """Fill the answer, an object or a list, in place along paths that `check` let pass."""
    for path in paths:
        _follow(store, answer, path.split("."))


def _follow(store: Store, item: Json, steps: Sequence[str]) -> None:
    if not steps:
        return
    step, *rest = steps
    if (fill := LISTS.get((item["object"], step))) is not None and step not in item:
        item[step] = fill(store, item)
    value = item.get(step)
    if isinstance(value, str) and (found := store.find(value)) is not None:
        value = item[step] = public(found)
    for inner in value if isinstance(value, list) else [value]:
        if isinstance(inner, dict):
            _follow(store, inner, rest)


def _line_items(_store: Store, session: Json) -> Json:
    return _list(session["_line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


def _refunds(store: Store, charge: Json) -> Json:
    of_charge = [field_is("charge", charge["id"])]
    newest = store.select("refund", of_charge, newest_first=True, limit=LIST_SHOWN + 1)
    return _list(newest, f"/v1/charges/{charge['id']}/refunds")


def _list(items: Sequence[Json], url: str) -> Json:
    return {"object": "list", "data": list(items[:LIST_SHOWN]), "has_more": len(items) > LIST_SHOWN, "url": url}


# Lists that an object shows only when they are asked for.
LISTS: Mapping[tuple[str, str], Callable[[Store, Json], Json]] = {
    ("checkout.session", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
}
