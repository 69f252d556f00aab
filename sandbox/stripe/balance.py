"""The account's balance and the transactions that it is the sum of.

https://docs.stripe.com/api/balance and https://docs.stripe.com/api/balance_transactions; here, money is available at
once.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from sandbox.clock import now
from sandbox.money import processing_fee
from sandbox.store import Json, field_is
from sandbox.stripe import lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Currency, Hash, Text
from sandbox.world import World

# Where the category is not called as the type: https://docs.stripe.com/reports/reporting-categories
CATEGORIES = {
    "adjustment": "other_adjustment",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
}


@dataclass(frozen=True)
class Movement:
    """What a transaction adds to the balance or, negative, takes from it: minor units, and the rate if converted."""

    amount: int
    currency: str
    exchange_rate: float | None = None

    @property
    def undone(self) -> "Movement":
        return replace(self, amount=-self.amount)


def settle(world: World, amount: int, currency: str) -> Movement:
    """What an amount that a customer paid or got comes to in the currency that the balance is kept in."""
    settlement, rate = world.mode.settlement_currency, world.mode.exchange_rate
    if settlement in (None, currency):
        return Movement(amount, currency)
    converted = (Decimal(amount) * Decimal(str(rate))).quantize(Decimal(1), ROUND_HALF_UP)
    return Movement(int(converted), settlement, rate)


def movement_of(transaction: Json) -> Movement:
    return Movement(transaction["amount"], transaction["currency"], transaction["exchange_rate"])


def book(
    world: World,
    kind: str,
    movement: Movement,
    *,
    source: str | None,
    description: str | None,
    fee: int = 0,
    fee_name: str = "Stripe processing fees",
    category: str | None = None,
) -> Json:
    """A transaction of any type. The fee, in the movement's currency, is kept from it; negative: given back with it."""
    detail = {
        "amount": fee,
        "application": None,
        "currency": movement.currency,
        "description": fee_name,
        "type": "stripe_fee",
    }
    moment = now()
    transaction = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": movement.amount,
        "available_on": moment,
        "balance_type": "payments",
        "created": moment,
        "currency": movement.currency,
        "description": description,
        "exchange_rate": movement.exchange_rate,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": movement.amount - fee,
        "reporting_category": category or CATEGORIES.get(kind, kind),
        "source": source,
        "status": "available",
        "type": kind,
        "_payout": None,
    }
    world.store.add("balance_transaction", transaction)
    return transaction


def book_charge(world: World, charge: Json) -> Json:
    """The balance transaction of a charge: its amount, the fee, and the net that the account gains."""
    movement = settle(world, charge["amount"], charge["currency"])
    fee = processing_fee(movement.amount, movement.currency)
    return book(world, "charge", movement, source=charge["id"], description=charge["description"], fee=fee)


def retrieve_transaction(world: World, call: Call) -> Json:
    transaction = world.store.get("balance_transaction", call.path["id"])
    if transaction is None:
        raise missing("balance transaction", call.path["id"], param="id")
    return transaction


def list_transactions(world: World, call: Call) -> Json:
    """With `payout`: what a payout is the sum of, and its own transaction."""
    params = call.params
    conditions = [field_is(name, params[name]) for name in ("source", "type", "currency") if name in params]
    if "payout" in params:
        if world.store.get("payout", params["payout"]) is None:
            raise missing("payout", params["payout"], param="payout", status=400)
        conditions.append(field_is("_payout", params["payout"]))
    return lists.page(
        world.store,
        "balance_transaction",
        params,
        url="/v1/balance_transactions",
        noun="balance transaction",
        conditions=conditions,
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
        Hash({**lists.PARAMETERS, "source": Text(), "type": Text(), "currency": Currency(), "payout": Text()}),
        many=True,
    ),
)
