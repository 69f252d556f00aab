"""Refunds: developer.flutterwave.com/v3.0/docs/refunds.

No call can be repeated safely: each one makes another refund, as long as money is left. `completed` means that a refund
was accepted; when its money has gone out it is `completed-mpgs` (cards) or `completed-bank-transfer`. One that comes to
nothing stays `completed`, and says so in its meta: `disburse_status` is `failed`.
"""

import json

from sandbox.clock import now
from sandbox.flutterwave import ACCOUNT_ID, events, fields, lists, transactions
from sandbox.flutterwave.amounts import major, minor
from sandbox.flutterwave.api import Call, Operation
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.flutterwave.fields import Fields
from sandbox.flutterwave.identifiers import moment, new_id
from sandbox.store import Json, field_is
from sandbox.world import World

KIND = "flutterwave.refund"
WALLET_ID = 74639

ACCEPTED = "completed"
PAID = {transactions.CARD: "completed-mpgs", transactions.BANK_TRANSFER: "completed-bank-transfer"}


def create(world: World, transaction: Json, amount: int, comments: str) -> Json:
    """Accept a refund of so many minor units, and let become of it what the mode says. Returns it as accepted."""
    if transaction["status"] != "successful":
        raise _refused("Cannot refund a transaction that is not successful")
    if amount > left(world, transaction):
        raise _refused("Refund amount is greater than what is left of the transaction")
    refund: Json = {
        "id": new_id(),
        "created": now(),
        "tx_id": transaction["id"],
        "tx_ref": transaction["tx_ref"],
        "flw_ref": transaction["flw_ref"],
        "amount": amount,
        "currency": transaction["currency"],
        "payment_type": transaction["payment_type"],
        "status": ACCEPTED,
        "comments": comments,
        "meta": {"source": "availablebalance"},
    }
    world.store.add(KIND, refund)
    accepted = dict(refund)
    if world.mode.flutterwave_refund_outcome != "pending":
        settle(world, refund, success=world.mode.flutterwave_refund_outcome == "completed")
    return accepted


def settle(world: World, refund: Json, *, success: bool) -> None:
    """Its money has gone out, or could not."""
    if success:
        refund["status"] = PAID[refund["payment_type"]]
    else:
        refund["meta"] = refund["meta"] | {"disburse_status": "failed"}
    world.store.save(refund)
    events.emit(world, "refund", refund["tx_ref"], _as_webhook(refund))


def settle_by_hand(world: World, identifier: str, *, success: bool) -> Json:
    """The same for one that is still under way. Returns it. Raises FlutterwaveError."""
    refund = find(world, identifier)
    if refund is None:
        raise FlutterwaveError(f"there is no refund {identifier}", status=404)
    if not is_under_way(refund):
        raise FlutterwaveError("the refund is settled", status=409)
    with world.store.transaction():
        settle(world, refund, success=success)
    return refund


def is_under_way(refund: Json) -> bool:
    return bool(refund["status"] == ACCEPTED and not has_failed(refund))


def has_failed(refund: Json) -> bool:
    return bool(refund["meta"].get("disburse_status") == "failed")


def find(world: World, identifier: str) -> Json | None:
    return world.store.get(KIND, identifier)


def of(world: World, transaction: Json) -> list[Json]:
    """Every refund of a transaction, in order of creation."""
    return world.store.select(KIND, [field_is("tx_id", transaction["id"])])


def left(world: World, transaction: Json) -> int:
    """Minor units of a transaction that are not, and will not be, paid back."""
    gone = sum(one["amount"] for one in of(world, transaction) if not has_failed(one))
    return int(transaction["amount"] - gone)


def as_json(refund: Json) -> Json:
    """As the answer to its making shows it."""
    return {
        "id": refund["id"],
        "account_id": ACCOUNT_ID,
        "tx_id": refund["tx_id"],
        "flw_ref": refund["flw_ref"],
        "wallet_id": WALLET_ID,
        "amount_refunded": major(refund["amount"], refund["currency"]),
        "status": refund["status"],
        "destination": "payment_source",
        "comments": refund["comments"],
        "meta": refund["meta"],
        "created_at": moment(refund["created"]),
    }


def _as_fetched(refund: Json) -> Json:
    """As it is shown later: the same, with its meta as a text."""
    return as_json(refund) | {"meta": json.dumps(refund["meta"])}


def _as_webhook(refund: Json) -> Json:
    """A refund's webhook is the refund itself, with names of its own and no event around it."""
    return {
        "id": refund["id"],
        "AmountRefunded": major(refund["amount"], refund["currency"]),
        "status": refund["status"],
        "FlwRef": refund["flw_ref"],
        "destination": "payment_source",
        "comments": refund["comments"],
        "settlement_id": "NEW",
        "meta": json.dumps(refund["meta"]),
        "createdAt": moment(refund["created"]),
        "updatedAt": moment(now()),
        "deletedAt": None,
        "walletId": WALLET_ID,
        "AccountId": ACCOUNT_ID,
        "TransactionId": refund["tx_id"],
    }


def create_by_call(world: World, call: Call) -> Json:
    transaction = transactions.find(world, call.path["id"])
    if transaction is None:
        raise _refused("Cannot refund non-existent/unauthorized transaction")
    amount = transaction["amount"]
    if "amount" in call.fields:
        amount = minor(call.fields["amount"], transaction["currency"])
    return {"data": as_json(create(world, transaction, amount, call.fields.get("comments", "")))}


def retrieve(world: World, call: Call) -> Json:
    refund = find(world, call.path["id"])
    if refund is None:
        raise FlutterwaveError("No refund was found for this id", status=404)
    return {"data": _as_fetched(refund)}


def list_all(world: World, call: Call) -> Json:
    """`id` is the transaction's, not the refund's."""
    given = dict(call.fields)
    if "id" in given:
        given["tx_id"] = given.pop("id")
    conditions = lists.equal(given, "tx_id", "flw_ref", "status", "currency")
    return lists.page(world, KIND, given, conditions=conditions, shown=_as_fetched)


def _refused(reason: str) -> FlutterwaveError:
    # Why it was refused stands in the data; the message is always the same.
    return FlutterwaveError("Some error occured", data=f"Error: {reason}")


OPERATIONS = (
    Operation(
        "POST",
        "/v3/transactions/{id}/refund",
        "Transaction refund initiated",
        create_by_call,
        Fields({"amount": fields.amount, "comments": fields.text}, unsupported=frozenset({"callbackurl"})),
    ),
    Operation("GET", "/v3/refunds/{id}", "Transaction refund fetched", retrieve),
    Operation(
        "GET",
        "/v3/refunds",
        "Transaction refunds fetched",
        list_all,
        Fields(
            {
                **lists.PARAMETERS,
                "id": fields.whole(1, 10**12),
                "flw_ref": fields.text,
                "status": fields.text,
                "currency": fields.currency,
            }
        ),
    ),
)
