"""The sandbox as one ASGI application."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control import Control
from sandbox.faults import FaultLayer
from sandbox.flutterwave import routes as flutterwave
from sandbox.pages.checkout import CheckoutPages
from sandbox.pages.dashboard import Dashboard
from sandbox.stripe import (
    balance,
    charges,
    disputes,
    events,
    idempotency,
    paying,
    payment_intents,
    payouts,
    refunds,
    sessions,
)
from sandbox.stripe.api import Api
from sandbox.stripe.control import StripeControl
from sandbox.world import World

logger = logging.getLogger("sandbox.requests")

OPERATIONS = (
    *sessions.OPERATIONS,
    *payment_intents.OPERATIONS,
    *charges.OPERATIONS,
    *refunds.OPERATIONS,
    *disputes.OPERATIONS,
    *payouts.OPERATIONS,
    *balance.OPERATIONS,
    *events.OPERATIONS,
)


def build(world: World) -> ASGIApp:
    """All routes, and the background work that begins and ends with the server."""
    idempotency.finish_all(world.store)
    world.timers.on(sessions.EXPIRY_TIMER, lambda session: _expire(world, session))
    world.timers.on(charges.BALANCE_TIMER, lambda charge: _book(world, charge))
    world.timers.on(paying.SETTLE_TIMER, lambda session: paying.settle(world, session, success=True))
    world.timers.on(refunds.FAILURE_TIMER, lambda refund: refunds.fail(world, refund))
    flutterwave.set_timers(world)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        work = [asyncio.create_task(world.timers.run()), asyncio.create_task(world.deliveries.run())]
        yield
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        world.store.close()

    routes = [
        *Api(world).routes(OPERATIONS),
        *Control(world).routes(),
        *StripeControl(world).routes(),
        *CheckoutPages(world).routes(),
        *flutterwave.routes(world),
        *Dashboard(world).routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return RequestLog(FaultLayer(app, world.faults))


def _expire(world: World, session: str) -> None:
    # To look at a session whose time has come is to expire it.
    sessions.find(world, session)


def _book(world: World, charge: str) -> None:
    charges.book(world, charge)


class RequestLog:
    """One line on standard error for every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | str = "no answer"

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            logger.info("%s %s %s %.1f ms", scope["method"], scope["path"], status, milliseconds)
