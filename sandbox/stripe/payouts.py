"""Payouts: what the balance holds goes to the account's bank. https://docs.stripe.com/api/payouts

All are automatic ones, which know the balance transactions that they are the sum of.
https://docs.stripe.com/payouts/reconciliation
"""

from sandbox.clock import now
from sandbox.store import Json, field_is
from sandbox.stripe import balance, events, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import NotPossibleError, missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Choice, Hash
from sandbox.world import World

ON_THE_WAY = 2 * 24 * 3600  # seconds, as announced; it arrives when somebody settles it
BANK_ACCOUNT = "ba_sandbox"

_UNPAID = (
    "kind = 'balance_transaction' AND json_extract(body, '$.currency') = ? AND json_extract(body, '$._payout') IS NULL"
)


def make(world: World, currency: str) -> Json:
    """Pay out every transaction of a currency that is in no payout yet; more refunds than charges: collect instead.

    Raises NotPossibleError if they come to nothing.
    """
    row = world.store.row(f"SELECT sum(json_extract(body, '$.net')) AS total FROM objects WHERE {_UNPAID}", currency)
    total = row and row["total"]
    if not total:
        raise NotPossibleError(f"The balance holds nothing in {currency} that is in no payout yet.")
    payout = _new(total, currency)
    with world.store.transaction():
        movement = balance.Movement(-total, currency)
        booked = balance.book(world, "payout", movement, source=payout["id"], description=payout["description"])
        payout["balance_transaction"] = booked["id"]
        world.store.run(
            f"UPDATE objects SET body = json_set(body, '$._payout', ?) WHERE {_UNPAID}", payout["id"], currency
        )
        world.store.add("payout", payout)
        events.emit(world, "payout.created", payout)
    return payout


def _new(amount: int, currency: str) -> Json:
    created = now()
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": created + ON_THE_WAY,
        "automatic": True,
        "balance_transaction": None,
        "created": created,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": BANK_ACCOUNT,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }


def settle(world: World, payout: Json, *, success: bool) -> None:
    """The money arrives, or the bank sends it back, be it after it had arrived. Raises NotPossibleError."""
    if payout["status"] not in (("in_transit",) if success else ("in_transit", "paid")):
        raise NotPossibleError(f"The payout is {payout['status']}.")
    with world.store.transaction():
        if success:
            _change(world, payout, "payout.paid", {"status": "paid"})
            _change(world, payout, "payout.reconciliation_completed", {"reconciliation_status": "completed"})
        else:
            movement = balance.Movement(payout["amount"], payout["currency"])
            undone = balance.book(
                world, "payout_failure", movement, source=payout["id"], description="STRIPE PAYOUT FAILURE"
            )
            changes = {
                "status": "failed",
                "failure_balance_transaction": undone["id"],
                "failure_code": "account_closed",
                "failure_message": "The bank account has been closed.",
            }
            _change(world, payout, "payout.failed", changes)


def _change(world: World, payout: Json, event: str, changes: Json) -> None:
    payout |= changes
    world.store.save(payout)
    events.emit(world, event, payout)


def retrieve(world: World, call: Call) -> Json:
    payout = world.store.get("payout", call.path["payout"])
    if payout is None:
        raise missing("payout", call.path["payout"], param="payout")
    return payout


def list_all(world: World, call: Call) -> Json:
    conditions = [field_is("status", call.params["status"])] if "status" in call.params else []
    if "arrival_date" in call.params:
        conditions += lists.within("json_extract(body, '$.arrival_date')", call.params["arrival_date"])
    return lists.page(world.store, "payout", call.params, url="/v1/payouts", noun="payout", conditions=conditions)


OPERATIONS = (
    Operation("GET", "/v1/payouts/{payout}", "payout", retrieve),
    Operation(
        "GET",
        "/v1/payouts",
        "payout",
        list_all,
        Hash(
            {
                **lists.PARAMETERS,
                "arrival_date": lists.Moments(),
                "status": Choice(("canceled", "failed", "in_transit", "paid", "pending")),
            },
            unsupported=frozenset({"destination"}),
        ),
        many=True,
    ),
)
