"""The account's balance and the transactions that it is the sum of.

https://docs.stripe.com/api/balance and https://docs.stripe.com/api/balance_transactions; here, money is available at
once.
"""

from sandbox.money import processing_fee
from sandbox.store import Json, field_is, now
from sandbox.stripe import lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Currency, Hash, Text
from sandbox.world import World


def book_charge(world: World, charge: Json) -> Json:
    """The balance transaction of a charge: its amount, the fee, and the net that the account gains."""
    fee = processing_fee(charge["amount"], charge["currency"])
    detail = {
        "amount": fee,
        "application": None,
        "currency": charge["currency"],
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    moment = now()
    transaction = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": charge["amount"],
        "available_on": moment,
        "balance_type": "payments",
        "created": moment,
        "currency": charge["currency"],
        "description": charge["description"],
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail],
        "net": charge["amount"] - fee,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "available",
        "type": "charge",
    }
    world.store.add("balance_transaction", transaction)
    return transaction


def retrieve_transaction(world: World, call: Call) -> Json:
    transaction = world.store.get("balance_transaction", call.path["id"])
    if transaction is None:
        raise missing("balance transaction", call.path["id"], param="id")
    return transaction


def list_transactions(world: World, call: Call) -> Json:
    return lists.page(
        world.store,
        "balance_transaction",
        call.params,
        url="/v1/balance_transactions",
        noun="balance transaction",
        conditions=[
            field_is(name, call.params[name]) for name in ("source", "type", "currency") if name in call.params
        ],
    )


def retrieve(world: World, _call: Call) -> Json:
    """Per currency, the sum of the nets."""
    sums = world.store.rows(
        "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS amount"
        " FROM objects WHERE kind = 'balance_transaction' GROUP BY 1 ORDER BY 1"
    )
    return {
        "object": "balance",
        "available": [{**one, "source_types": {"card": one["amount"]}} for one in sums],
        "livemode": False,
        "pending": [{"amount": 0, "currency": one["currency"], "source_types": {"card": 0}} for one in sums],
    }


OPERATIONS = (
    Operation("GET", "/v1/balance", "balance", retrieve),
    Operation("GET", "/v1/balance_transactions/{id}", "balance_transaction", retrieve_transaction),
    Operation(
        "GET",
        "/v1/balance_transactions",
        "balance_transaction",
        list_transactions,
        Hash(
            {**lists.PARAMETERS, "source": Text(), "type": Text(), "currency": Currency()},
            unsupported=frozenset({"payout"}),
        ),
        many=True,
    ),
)
