"""Everything of Flutterwave's that the sandbox serves: the API, the hosted page and what is behind the scenes."""

from starlette.routing import Route

from sandbox.flutterwave import balances, links, paying, refunds, transactions
from sandbox.flutterwave.api import Api
from sandbox.flutterwave.control import FlutterwaveControl
from sandbox.pages.flutterwave import FlutterwavePages
from sandbox.world import World

OPERATIONS = (*links.OPERATIONS, *transactions.OPERATIONS, *refunds.OPERATIONS, *balances.OPERATIONS)


def routes(world: World) -> list[Route]:
    return [
        *Api(world).routes(OPERATIONS),
        *FlutterwaveControl(world).routes(),
        *FlutterwavePages(world).routes(),
    ]


def set_timers(world: World) -> None:
    world.timers.on(paying.SETTLE_TIMER, lambda transaction: _settle(world, transaction))


def _settle(world: World, transaction: str) -> None:
    paying.settle(world, transaction, success=True)
