"""What a test may do behind the scenes: JSON under /_control, without a key, from this machine only."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.clock import CLOCK
from sandbox.faults import FaultError
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.mode import ModeError
from sandbox.store import Json, public
from sandbox.stripe.errors import NotPossibleError, StripeError
from sandbox.stripe.paying import NoSessionError
from sandbox.world import World

KINDS = {
    "sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "payouts": "payout",
    "balance_transactions": "balance_transaction",
    "events": "event",
}
MOST_COPIES = 200
LATEST = 4_102_444_800  # the year 2100

Handler = Callable[[Request, Json], Awaitable[Any]]


class RefusedError(Exception):
    """Answered with 400 and this text."""


class MissingError(Exception):
    """Answered with 404 and this text."""


def routes(*calls: tuple[str, str, Handler]) -> list[Route]:
    """Calls under /_control: method, path, and what takes the request and its body and returns the answer."""
    return [Route(f"/_control{path}", as_json(call), methods=[method]) for method, path, call in calls]


class Control:
    """What is about the sandbox as a whole, and about what Stripe sends."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return routes(
            ("POST", "/reset", self.reset),
            ("POST", "/quiet", self.quiet),
            ("POST", "/endpoint", self.endpoint),
            ("GET", "/mode", self.mode),
            ("POST", "/mode", self.mode),
            ("POST", "/clock", self.clock),
            ("POST", "/release", self.release),
            ("POST", "/deliver", self.deliver),
            ("POST", "/sign", self.sign),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/state", self.state),
            ("GET", "/objects/{kind}", self.objects),
            ("GET", "/feed", self.feed),
        )

    async def reset(self, _request: Request, _body: Json) -> Json:
        """Forget everything; mode, endpoint and clock are again what they were at the first start."""
        self._world.reset()
        return self._world.mode.as_json()

    async def endpoint(self, _request: Request, body: Json) -> Json:
        """{url, secret?}: send the webhooks there from now on, until a reset or a restart."""
        url = body.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise RefusedError("url must be an http or https address")
        self._world.endpoint.url = url
        if "secret" in body:
            self._world.endpoint.secret = str(body["secret"])
        return {"url": url}

    async def mode(self, _request: Request, body: Json) -> Json:
        """The mode; a POST changes what it names (see mode.py)."""
        self._world.change_mode(body)
        return self._world.mode.as_json()

    async def clock(self, _request: Request, body: Json) -> Json:
        """{at}: it is so late (Unix seconds) and ticks on from there, null: the real time. {"at": the time now}.

        Timers that have become due have fired by the answer; webhooks are on their way.
        """
        at = body.get("at", "missing")
        if at is not None and (not isinstance(at, int | float) or isinstance(at, bool) or not 0 <= at <= LATEST):
            raise RefusedError(f"at must be from 0 to {LATEST}, or null")
        self._world.turn_clock(at)
        return {"at": CLOCK.time()}

    async def release(self, _request: Request, body: Json) -> Json:
        """{order?: [event ids]}: send what is held, one after the other, and say what came of each."""
        return {"deliveries": await self._world.deliveries.release(body.get("order", ()))}

    async def deliver(self, _request: Request, body: Json) -> list[int | None]:
        """{event, times?, concurrently?}: send an event again. The statuses of the answers; null: none came."""
        event, times = body.get("event"), body.get("times", 1)
        if not isinstance(event, str) or self._world.deliveries.find(event) is None:
            raise MissingError(f"there is no event {event}")
        if not isinstance(times, int) or not 1 <= times <= MOST_COPIES:
            raise RefusedError(f"times must be from 1 to {MOST_COPIES}")
        concurrently = body.get("concurrently", False) is True
        return await self._world.deliveries.send_by_hand(event, times=times, concurrently=concurrently)

    async def sign(self, _request: Request, body: Json) -> Json:
        """{body, timestamp?}: the value of Stripe-Signature for this text, now unless told when (Unix seconds)."""
        if not isinstance(body.get("body"), str):
            raise RefusedError("body must be the text to sign")
        return {"header": self._world.endpoint.signature(body["body"].encode(), body.get("timestamp"))}

    async def faults(self, _request: Request, _body: Json) -> list[Json]:
        """Every fault that was asked for since the last reset, and how often it happened."""
        return self._world.faults.as_json()

    async def add_fault(self, _request: Request, body: Json) -> Json:
        """{kind, gateway?, method?, path?, …}: see `Faults.add`. The fault."""
        return self._world.faults.add(body)

    async def clear_faults(self, _request: Request, _body: Json) -> list[Json]:
        """From now on calls are answered as they should be."""
        self._world.faults.clear()
        return []

    async def quiet(self, _request: Request, _body: Json) -> Json:
        """Waits until no event is on its way, five seconds at most: {"quiet": whether none is}."""
        return {"quiet": await self._world.deliveries.quiet(5)}

    async def state(self, _request: Request, _body: Json) -> Json:
        """Everything, each list in order of creation."""
        world = self._world
        requests = world.store.rows("SELECT * FROM requests ORDER BY seq")
        return {
            **{name: [public(one) for one in world.store.select(kind)] for name, kind in KINDS.items()},
            "deliveries": world.deliveries.report(),
            "requests": [_request_as_json(row) for row in requests],
            "faults": world.faults.as_json(),
            "mode": world.mode.as_json(),
            "endpoint": {"url": world.endpoint.url},
        }

    async def objects(self, request: Request, _body: Json) -> list[Json]:
        """?limit=: one kind of the state's objects, or the newest of them, in order of creation."""
        name, limit = request.path_params["kind"], request.query_params.get("limit")
        if name not in KINDS:
            raise MissingError(f"there are no {name}; there are {', '.join(KINDS)}")
        if limit is not None and not re.fullmatch("[0-9]{1,9}", limit):
            raise RefusedError("limit must be a whole number")
        newest = self._world.store.select(KINDS[name], newest_first=True, limit=-1 if limit is None else int(limit))
        return [public(one) for one in reversed(newest)]

    async def feed(self, request: Request, _body: Json) -> Json:
        """?after=: what the gateways tell, or would tell, since this position of an earlier answer; oldest first."""
        after = request.query_params.get("after", "0")
        if not re.fullmatch("[0-9]{1,18}", after):
            raise RefusedError("after must be a whole number")
        stripe, flutterwave = self._world.endpoint.kind, self._world.flutterwave_endpoint.kind
        rows = self._world.store.rows(
            "SELECT seq, kind, body FROM objects WHERE kind IN (?, ?) AND seq > ? ORDER BY seq",
            stripe,
            flutterwave,
            int(after),
        )
        events = [(row["kind"] == flutterwave, json.loads(row["body"])) for row in rows]
        return {
            "position": rows[-1]["seq"] if rows else int(after),
            "events": [
                {"gateway": "flutterwave", "body": event["sent"]}
                if of_flutterwave
                else {"gateway": "stripe", "body": event}
                for of_flutterwave, event in events
            ],
        }


def _request_as_json(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "seq"} | {
        "replayed": bool(row["replayed"]),
        "params": json.loads(row["params"]),
    }


def as_json(call: Handler) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            text = await request.body()
            body = json.loads(text) if text else {}
            if not isinstance(body, dict):
                raise RefusedError("the body must be a JSON object")
            return JSONResponse(await call(request, body))
        except (RefusedError, ModeError, FaultError, json.JSONDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except (MissingError, NoSessionError) as error:
            return JSONResponse({"error": str(error)}, 404)
        except (NotPossibleError, StripeError) as error:
            return JSONResponse({"error": str(error)}, 409)
        except FlutterwaveError as error:
            return JSONResponse({"error": str(error.data or error)}, error.status)

    return endpoint
