"""How any call of Flutterwave's API is read, executed, answered and written down."""

import asyncio
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.clock import CLOCK
from sandbox.flutterwave import PREFIX
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.flutterwave.fields import Fields
from sandbox.store import Json
from sandbox.world import World

logger = logging.getLogger("sandbox.flutterwave")


@dataclass(frozen=True)
class Call:
    """A call whose fields were checked."""

    path: Mapping[str, str]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One call that the API knows. `run` returns what the answer holds beside its status and message."""

    method: str
    path: str
    message: str
    run: Callable[[World, Call], Json]
    fields: Fields = field(default_factory=Fields)


class Api:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self, operations: Iterable[Operation]) -> list[Route]:
        known = [self._route(one.path, [one.method], one) for one in operations]
        return [*known, self._route("/v3/{rest:path}", ["GET", "POST", "PUT", "PATCH", "DELETE"], None)]

    def _route(self, path: str, methods: list[str], operation: Operation | None) -> Route:
        async def endpoint(request: Request) -> JSONResponse:
            return await self._answer(request, operation)

        return Route(f"{PREFIX}{path}", endpoint, methods=methods)

    async def _answer(self, request: Request, operation: Operation | None) -> JSONResponse:
        at, started = CLOCK.time(), time.perf_counter()
        given: Json = {}
        try:
            self._authenticate(request)
            if operation is None:
                path = request.url.path.removeprefix(PREFIX)
                raise FlutterwaveError(f"Cannot {request.method} {path}", status=404)
            given = await _given(request)
            answer = await self._execute(operation, request, given)
            status = 200
        except FlutterwaveError as error:
            answer, status = error.as_json(), error.status
        self._world.store.insert(
            "requests",
            id=f"flw_{secrets.token_hex(8)}",
            at=at,
            seconds=time.perf_counter() - started,
            method=request.method,
            path=request.url.path,
            idempotency_key=None,
            status=status,
            error_code=None,
            replayed=False,
            params=json.dumps(given, default=str),
        )
        return JSONResponse(answer, status)

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise FlutterwaveError("Authorization required", status=401)
        if not hmac.compare_digest(key.encode(), self._world.settings.flutterwave_secret_key.encode()):
            raise FlutterwaveError("Invalid authorization key", status=401)

    async def _execute(self, operation: Operation, request: Request, given: Json) -> Json:
        """The effect, whole or not at all, and its answer."""
        call = Call(request.path_params, operation.fields.read(given))
        try:
            with self._world.store.transaction():
                held = operation.run(self._world, call)
        except FlutterwaveError:
            raise
        except Exception as error:
            logger.exception("%s %s", operation.method, operation.path)
            raise FlutterwaveError("An error occurred. Please contact support", status=500) from error
        if request.method == "POST" and self._world.mode.answer_delay_seconds:
            await asyncio.sleep(self._world.mode.answer_delay_seconds)
        return {"status": "success", "message": operation.message, **held}


async def _given(request: Request) -> Json:
    """The fields as they came: of a POST its JSON, with exact numbers; of any other call its query."""
    if request.method != "POST":
        return dict(request.query_params)
    body = await request.body()
    if not body:
        return {}
    try:
        given = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise FlutterwaveError("the request body is not valid JSON") from error
    if not isinstance(given, dict):
        raise FlutterwaveError("the request body must be an object")
    return given
