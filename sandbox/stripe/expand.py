"""`expand[]`: ids replaced by the objects that they name. https://docs.stripe.com/api/expanding_objects"""

from collections.abc import Sequence

from sandbox.store import Json, Store
from sandbox.stripe.errors import NotImplementedHereError, StripeError

# Which fields of which object may be expanded, and into what. None: Stripe allows it, here the field is always null.
LINKS: dict[str, dict[str, str | None]] = {
    "checkout.session": {
        "payment_intent": "payment_intent",
        "line_items": "item",
        **dict.fromkeys(("customer", "invoice", "payment_link", "setup_intent", "subscription")),
    },
    "payment_intent": {
        "latest_charge": "charge",
        **dict.fromkeys(("application", "customer", "on_behalf_of", "review")),
    },
    "charge": {
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
        **dict.fromkeys(("application", "application_fee", "customer", "on_behalf_of", "review", "transfer")),
    },
    "balance_transaction": {"source": "charge"},
}
DEEPEST = 4
LINE_ITEMS_SHOWN = 10


def check(paths: Sequence[str], kind: str, *, many: bool) -> None:
    """Raises StripeError for a path that does not lead from an object of this kind, or from a list of such."""
    for path in paths:
        steps = path.split(".")
        if many and steps[0] != "data":
            hint = f" You may want to try expanding 'data.{path}' instead." if steps[0] in LINKS.get(kind, {}) else ""
            raise StripeError(f"This property cannot be expanded ({path}).{hint}")
        if len(steps) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}")
        at: str | None = kind
        for step in steps[1:] if many else steps:
            if step == "payment_method":
                raise NotImplementedHereError(f"the expansion of {path}", param="expand")
            if at is None or step not in LINKS.get(at, {}):
                raise StripeError(f"This property cannot be expanded ({path}).")
            at = LINKS[at][step]


def expand(store: Store, answer: Json, paths: Sequence[str], *, many: bool) -> None:
    """Fill the answer in place along paths that `check` let pass."""
    for path in paths:
        steps = path.split(".")
        for item in answer["data"] if many else [answer]:
            _follow(store, item, steps[1:] if many else steps)


def _follow(store: Store, item: Json, steps: Sequence[str]) -> None:
    for step in steps:
        kind = LINKS[item["object"]][step]
        if kind == "item":
            item[step] = line_items(item)
            return
        value = item[step]
        if value is None or kind is None:
            return
        if isinstance(value, str):
            value = item[step] = store.get(kind, value)
        item = value


def line_items(session: Json) -> Json:
    """What `line_items` of a session expands to."""
    items = session["_line_items"]
    return {
        "object": "list",
        "data": items[:LINE_ITEMS_SHOWN],
        "has_more": len(items) > LINE_ITEMS_SHOWN,
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
    }
