"""What Flutterwave holds for the merchant, per currency: developer.flutterwave.com/v3.0/docs/balances."""

from sandbox.flutterwave import refunds, transactions
from sandbox.flutterwave.amounts import major
from sandbox.flutterwave.api import Call, Operation
from sandbox.store import Json
from sandbox.world import World


def balances(world: World) -> dict[str, int]:
    """Minor units: what was paid without the fees, less what goes back. A refund that failed has come back."""
    held: dict[str, int] = {}
    for one in world.store.select(transactions.KIND):
        if one["status"] == "successful":
            held[one["currency"]] = held.get(one["currency"], 0) + one["amount"] - one["app_fee"]
    for one in world.store.select(refunds.KIND):
        if not refunds.has_failed(one):
            held[one["currency"]] -= one["amount"]
    return held


def list_all(world: World, _call: Call) -> Json:
    """Money is available at once, so both balances are the same."""
    return {
        "data": [
            {"currency": currency, "available_balance": shown, "ledger_balance": shown}
            for currency, amount in sorted(balances(world).items())
            for shown in [major(amount, currency)]
        ]
    }


OPERATIONS = (Operation("GET", "/v3/balances", "Wallet balances fetched", list_all),)
