"""How any call of Stripe's API is read, executed once, answered and written down."""

import asyncio
import base64
import binascii
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import CLOCK
from sandbox.faults import IN_SCOPE, Fault
from sandbox.store import Json
from sandbox.stripe import API_VERSION, expand, idempotency
from sandbox.stripe.errors import StripeError, UnauthorizedError
from sandbox.stripe.forms import Raw, decode
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Hash, ListOf, Text
from sandbox.stripe.reply import Reply
from sandbox.world import World

logger = logging.getLogger("sandbox.stripe")


@dataclass(frozen=True)
class Call:
    """A call whose parameters were checked. Events that it causes name its `id` and its key."""

    id: str
    idempotency_key: str | None
    path: Mapping[str, str]
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One call that the API knows. `check` sees the parameters together before anything is executed."""

    method: str
    path: str
    answers: str  # the kind of object that it returns, or of a list's members
    run: Callable[[World, Call], Json]
    parameters: Hash = field(default_factory=Hash)
    check: Callable[[Mapping[str, Any]], None] = lambda params: None
    many: bool = False  # it returns a list

    def read(self, raw: Mapping[str, Raw]) -> dict[str, Any]:
        """The parameters as values; raises StripeError."""
        fields = {**self.parameters.fields, "expand": ListOf(Text())}
        read = Hash(fields, self.parameters.required, self.parameters.unsupported).read(dict(raw))
        expand.check(read.get("expand", ()), self.answers, many=self.many)
        self.check(read)
        return read


class Api:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self, operations: Iterable[Operation]) -> list[Route]:
        known = [self._route(one.path, [one.method], one) for one in operations]
        return [*known, self._route("/v1/{rest:path}", ["GET", "POST", "PUT", "PATCH", "DELETE"], None)]

    def _route(self, path: str, methods: list[str], operation: Operation | None) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(request, operation)

        return Route(path, endpoint, methods=methods)

    async def _answer(self, request: Request, operation: Operation | None) -> Response:
        at, started = CLOCK.time(), time.perf_counter()
        identifier = new_id("req")
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        raw: dict[str, Raw] = {}
        try:
            self._authenticate(request)
            raw = await _parameters(request)
            reply = await self._reply(request, operation, raw, identifier, key)
        except StripeError as error:
            reply = self._error(error, identifier)
        self._world.store.insert(
            "requests",
            id=identifier,
            at=at,
            seconds=time.perf_counter() - started,
            method=request.method,
            path=request.url.path,
            idempotency_key=key,
            status=reply.status,
            error_code=reply.error_code,
            replayed=reply.replayed,
            params=json.dumps(raw),
        )
        headers = {"request-id": identifier, "stripe-version": API_VERSION, **reply.headers}
        if key is not None:
            # Latin-1 is what headers are made of, and what the key was read as.
            headers["idempotency-key"] = key
        return Response(reply.body, reply.status, headers, media_type="application/json")

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                given = ""
        if not given:
            plain = (
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
                "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."
            )
            raise UnauthorizedError(plain)
        if not hmac.compare_digest(given.encode(), self._world.settings.secret_key.encode()):
            shown = f"{given[:8]}{'*' * 8}{given[-4:]}" if len(given) > 16 else "*" * len(given)
            raise UnauthorizedError(f"Invalid API Key provided: {shown}")
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            raise StripeError(f"Invalid Stripe API version: {version}. This sandbox speaks {API_VERSION} only.")

    async def _reply(
        self, request: Request, operation: Operation | None, raw: dict[str, Raw], identifier: str, key: str | None
    ) -> Reply:
        path = request.url.path
        if operation is None:
            plain = (
                f"Unrecognized request URL ({request.method}: {path}). Please see https://stripe.com/docs or we can "
                "help at https://support.stripe.com/."
            )
            raise StripeError(plain, status=404)
        fault: Fault | None = request.scope.get(IN_SCOPE)
        if fault is not None and fault.kind == "rate_limit":
            return self._failure(fault, identifier)
        store = self._world.store
        wanted = idempotency.digest(raw)
        if key is not None and (kept := idempotency.look_up(store, key, path, wanted)) is not None:
            return kept
        # Nothing is awaited from the look-up to the note that the key is in use: no twin slips in between.
        call = Call(identifier, key, request.path_params, operation.read(raw))
        with store.transaction():
            reply = self._execute(operation, call, fault)
            if key is not None:
                idempotency.keep(store, key, path, wanted, request=identifier, reply=reply)
        if request.method == "POST" and self._world.mode.answer_delay_seconds:
            await asyncio.sleep(self._world.mode.answer_delay_seconds)
        if key is not None:
            idempotency.finish(store, key)
        return reply

    def _execute(self, operation: Operation, call: Call, fault: Fault | None) -> Reply:
        """The effect, unless a fault comes before it, and the answer, unless a fault takes its place."""
        if fault is None:
            return self._carry_out(operation, call)
        if fault.after_effect:
            self._carry_out(operation, call)
        return self._failure(fault, call.id)

    def _carry_out(self, operation: Operation, call: Call) -> Reply:
        """The effect, whole or not at all, and its answer."""
        store = self._world.store
        try:
            with store.savepoint():
                answer = operation.run(self._world, call)
            expand.expand(store, answer, call.params.get("expand", ()))
            return Reply.of(200, answer)
        except StripeError as error:
            return self._error(error, call.id)
        except Exception:
            # Stripe, too, answers a bug of its own with a 500 and keeps it for the key.
            logger.exception("%s %s", operation.method, operation.path)
            plain = "An unknown error occurred in the sandbox; its log says more."
            return self._error(StripeError(plain, status=500, error_type="api_error"), call.id)

    def _failure(self, fault: Fault, identifier: str) -> Reply:
        kind = "api_error" if fault.status >= 500 else None
        error = StripeError(fault.message, code=fault.code, status=fault.status, error_type=kind)
        return replace(self._error(error, identifier), headers=fault.headers)

    def _error(self, error: StripeError, identifier: str) -> Reply:
        return Reply.of(error.status, error.as_json(f"{self._world.settings.base_url}/#{identifier}"))


async def _parameters(request: Request) -> dict[str, Raw]:
    if request.method != "POST":
        return decode(request.url.query.encode())
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        plain = (
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any "
            "questions, we can help at https://support.stripe.com/."
        )
        raise StripeError(plain)
    return decode(body)
