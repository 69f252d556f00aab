"""What a customer does on a link's page, and what becomes of money that arrives later.

Each function is one transaction of the store: the object and its event change together. They raise FlutterwaveError.
"""

from sandbox.clock import CLOCK
from sandbox.flutterwave import events, links, transactions
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.store import Json
from sandbox.world import World

SETTLE_TIMER = "flutterwave.settle"


def pay(world: World, link: Json, *, amount: int | None = None) -> Json:
    """A card pays; the link's amount, unless another number of minor units. Returns the transaction, as all do."""
    return _try(world, link, transactions.CARD, amount, success=True)


def decline(world: World, link: Json) -> Json:
    """The card's bank says no."""
    with world.store.transaction():
        transaction = _try(world, link, transactions.CARD, None, success=False)
        if link["tries_left"] is not None:
            link["tries_left"] -= 1
            world.store.save(link)
    return transaction


def promise(world: World, link: Json, *, amount: int | None = None) -> Json:
    """A bank transfer is on its way."""
    with world.store.transaction():
        transaction = _try(world, link, transactions.BANK_TRANSFER, amount, success=None)
        if world.mode.settle_after_seconds is not None:
            due_at = CLOCK.time() + world.mode.settle_after_seconds
            world.timers.set(SETTLE_TIMER, str(transaction["id"]), due_at)
    return transaction


def settle(world: World, identifier: str, *, success: bool) -> Json:
    """The bank transfer arrives, or it never will."""
    transaction = transactions.find(world, identifier)
    if transaction is None:
        raise FlutterwaveError(f"there is no transaction {identifier}", status=404)
    if transaction["status"] != "pending":
        raise FlutterwaveError(f"the transaction is {transaction['status']}", status=409)
    with world.store.transaction():
        world.timers.cancel(SETTLE_TIMER, identifier)
        transactions.decide(world, transaction, success=success)
        events.charge_completed(world, transaction)
    return transaction


def _try(world: World, link: Json, payment_type: str, amount: int | None, *, success: bool | None) -> Json:
    """One try to pay; `success` None: it is not decided yet."""
    if links.is_over(link):
        raise FlutterwaveError("the link is over", status=409)
    with world.store.transaction():
        transaction = transactions.create(world, link, payment_type, link["amount"] if amount is None else amount)
        if success is not None:
            transactions.decide(world, transaction, success=success)
        events.charge_completed(world, transaction)
    return transaction
