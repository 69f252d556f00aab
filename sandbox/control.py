"""What a test may do behind the scenes: JSON under /_control, without a key, from this machine only."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.mode import ModeError
from sandbox.store import Json, now, public
from sandbox.stripe import charges, paying, sessions
from sandbox.stripe.paying import NoSessionError, NotPossibleError
from sandbox.world import World

KINDS = {
    "sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "balance_transactions": "balance_transaction",
    "events": "event",
}
METHODS = ("card", "declined", "three_d_secure", "three_d_secure_failed", "bank_transfer")
MOST_COPIES = 200


class RefusedError(Exception):
    """Answered with 400 and this text."""


class MissingError(Exception):
    """Answered with 404 and this text."""


class Control:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        calls: list[tuple[str, str, Callable[[Request, Json], Awaitable[Any]]]] = [
            ("POST", "/reset", self.reset),
            ("POST", "/endpoint", self.endpoint),
            ("GET", "/mode", self.mode),
            ("POST", "/mode", self.mode),
            ("POST", "/release", self.release),
            ("POST", "/deliver", self.deliver),
            ("POST", "/sign", self.sign),
            ("POST", "/sessions/{session}/pay", self.pay),
            ("POST", "/sessions/{session}/settle", self.settle),
            ("POST", "/sessions/{session}/expires_at", self.expires_at),
            ("POST", "/charges/{charge}/balance", self.balance),
            ("GET", "/state", self.state),
        ]
        return [Route(f"/_control{path}", _as_json(call), methods=[method]) for method, path, call in calls]

    async def reset(self, _request: Request, _body: Json) -> Json:
        """Forget everything; mode and endpoint are again what they were at the first start."""
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

    async def release(self, _request: Request, body: Json) -> Json:
        """{order?: [event ids]}: send what is held, one after the other, and say what came of each."""
        return {"deliveries": await self._world.deliveries.release(body.get("order", ()))}

    async def deliver(self, _request: Request, body: Json) -> list[int | None]:
        """{event, times?, concurrently?}: send an event again. The statuses of the answers; null: none came."""
        event, times = body.get("event"), body.get("times", 1)
        if not isinstance(event, str) or self._world.store.get("event", event) is None:
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

    async def pay(self, request: Request, body: Json) -> Json:
        """{method, email?}: what a customer does on the pay page, whatever methods the session shows there."""
        session, email = request.path_params["session"], body.get("email", "customer@example.com")
        match body.get("method"):
            case "card":
                paying.pay(self._world, session, email)
            case "declined":
                paying.decline(self._world, session, email)
            case "three_d_secure":
                paying.challenge(self._world, session, email)
                paying.pay(self._world, session, email, secure=True)
            case "three_d_secure_failed":
                paying.challenge(self._world, session, email)
                paying.fail_challenge(self._world, session, email)
            case "bank_transfer":
                paying.promise(self._world, session, email)
            case other:
                raise RefusedError(f"method must be one of {', '.join(METHODS)}, not {other!r}")
        return self._session(request)

    async def settle(self, request: Request, body: Json) -> Json:
        """{success}: the bank transfer arrives, or it never will."""
        if not isinstance(body.get("success"), bool):
            raise RefusedError("success must be true or false")
        paying.settle(self._world, request.path_params["session"], success=body["success"])
        return self._session(request)

    async def expires_at(self, request: Request, body: Json) -> Json:
        """{in_seconds}: an open session ends then, by itself; the API allows no less than 30 minutes."""
        session = sessions.find(self._world, request.path_params["session"])
        if session is None:
            raise NoSessionError(f"There is no session {request.path_params['session']}.")
        if session["status"] != "open":
            raise NotPossibleError(f"The session is {session['status']}.")
        if not isinstance(body.get("in_seconds"), int):
            raise RefusedError("in_seconds must be a whole number")
        sessions.move_end(self._world, session, now() + body["in_seconds"])
        return self._session(request)

    async def balance(self, request: Request, _body: Json) -> Json:
        """Make the balance transaction of a charge, and its `charge.updated`, now."""
        with self._world.store.transaction():
            charge = charges.book(self._world, request.path_params["charge"])
        if charge is None:
            raise MissingError(f"there is no succeeded charge {request.path_params['charge']}")
        return charge

    async def state(self, _request: Request, _body: Json) -> Json:
        """Everything, each list in order of creation."""
        world = self._world
        requests = world.store.rows("SELECT * FROM requests ORDER BY seq")
        return {
            **{name: [public(one) for one in world.store.select(kind)] for name, kind in KINDS.items()},
            "deliveries": world.deliveries.report(),
            "requests": [_request_as_json(row) for row in requests],
            "mode": world.mode.as_json(),
            "endpoint": {"url": world.endpoint.url},
        }

    def _session(self, request: Request) -> Json:
        session = sessions.find(self._world, request.path_params["session"])
        assert session is not None, "it was just used"
        return public(session)


def _request_as_json(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "seq"} | {
        "replayed": bool(row["replayed"]),
        "params": json.loads(row["params"]),
    }


def _as_json(call: Callable[[Request, Json], Awaitable[Any]]) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            text = await request.body()
            body = json.loads(text) if text else {}
            if not isinstance(body, dict):
                raise RefusedError("the body must be a JSON object")
            return JSONResponse(await call(request, body))
        except (RefusedError, ModeError, json.JSONDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except (MissingError, NoSessionError) as error:
            return JSONResponse({"error": str(error)}, 404)
        except NotPossibleError as error:
            return JSONResponse({"error": str(error)}, 409)

    return endpoint
