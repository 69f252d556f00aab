"""Failures on purpose: an ASGI layer in front of every gateway's API that takes away or replaces answers."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.connections import cut
from sandbox.store import Json

KINDS = ("error", "rate_limit", "timeout", "drop")

# Stripe's API finds its fault here and fails by itself, so that the idempotency key keeps the failure.
IN_SCOPE = "sandbox.fault"
PREFIXES = {"stripe": "/v1/", "flutterwave": "/flutterwave/v3/"}


class FaultError(ValueError):
    """A fault that makes no sense."""


@dataclass
class Fault:
    """What happens to calls that match; see `add` for the names. `used` counts those that it happened to."""

    kind: str
    gateway: str | None = None
    method: str | None = None
    path: str = ""
    status: int = 500
    code: str | None = None
    retry_after: float | None = None
    seconds: float = 30
    after_effect: bool = False
    times: int = 1
    used: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}

    @property
    def message(self) -> str:
        return "Too many requests, as was asked for." if self.kind == "rate_limit" else "A failure, as was asked for."

    def matches(self, gateway: str, method: str, path: str) -> bool:
        return (
            (self.times == 0 or self.used < self.times)
            and self.gateway in (None, gateway)
            and self.method in (None, method)
            and re.match(self.path, path) is not None
        )


class Faults:
    """In the order in which they were added; the first that matches a call happens to it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, wanted: Mapping[str, Any]) -> Json:
        """Raises FaultError.

        kind: `error`, an answer with a `status` and perhaps a `code`; `rate_limit`, 429; `timeout`, no answer for so
            many `seconds`, then the connection is closed; `drop`, it is closed at once
        gateway, method: of the calls that it happens to; any, if left out
        path: a regular expression that the path must begin with, such as a plain prefix
        retry_after: seconds, a header of `error` and `rate_limit` (there 1, if left out)
        after_effect: the call is executed first, and only its answer lost
        times: how many calls it happens to; 0: all until the faults are cleared
        """
        known = {field.name for field in fields(Fault)} - {"used"}
        if unknown := wanted.keys() - known:
            raise FaultError(f"There is no {', '.join(sorted(unknown))} in a fault; there are {', '.join(known)}.")
        for name, value in wanted.items():
            if not _allowed(name, value):
                raise FaultError(f"{name} cannot be {value!r}.")
        if "kind" not in wanted:
            raise FaultError(f"kind must be one of {', '.join(KINDS)}.")
        fault = Fault(**wanted)
        if fault.kind == "rate_limit":
            if fault.after_effect:
                raise FaultError("A call beyond the rate limit has no effect.")
            fault.status = 429
            fault.retry_after = 1 if fault.retry_after is None else fault.retry_after
        self._faults.append(fault)
        return asdict(fault)

    def take(self, gateway: str, method: str, path: str) -> Fault | None:
        """What happens to this call, if anything."""
        for fault in self._faults:
            if fault.matches(gateway, method, path):
                fault.used += 1
                return fault
        return None

    def clear(self) -> None:
        self._faults.clear()

    def as_json(self) -> list[Json]:
        return [asdict(fault) for fault in self._faults]


def _allowed(name: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "kind":
            return value in KINDS
        case "gateway":
            return value in (None, *PREFIXES)
        case "method":
            return value in (None, "GET", "POST", "PUT", "PATCH", "DELETE")
        case "path":
            return isinstance(value, str) and _is_pattern(value)
        case "status":
            return isinstance(value, int) and 400 <= value <= 599
        case "code":
            return value is None or isinstance(value, str)
        case "retry_after":
            return value is None or (number and 0 <= value <= 86_400)
        case "seconds":
            return number and 0 <= value <= 86_400
        case "after_effect":
            return isinstance(value, bool)
        case _:
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


class FaultLayer:
    """Lets every call pass but those that a fault matches."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway = _gateway(scope)
        fault = self._faults.take(gateway, scope["method"], scope["path"]) if gateway else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in ("timeout", "drop"):
            await self._lose_answer(fault, scope, receive)
        elif gateway == "stripe":
            await self._app({**scope, IN_SCOPE: fault}, receive, send)
        else:
            if fault.after_effect:
                await self._app(scope, receive, _nowhere)
            body = {"status": "error", "message": fault.message, "data": None}
            await JSONResponse(body, fault.status, fault.headers)(scope, receive, send)

    async def _lose_answer(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        # A connection that is closed over unread bytes is reset, which is another failure than an end without answer.
        receive = await _read(receive)
        if fault.after_effect:
            await self._app(scope, receive, _nowhere)
        if fault.kind == "timeout":
            try:
                async with asyncio.timeout(fault.seconds):
                    await _disconnected(receive)
            except TimeoutError:
                pass
        cut(scope["client"])
        await _disconnected(receive)


def _gateway(scope: Scope) -> str | None:
    if scope["type"] != "http":
        return None
    return next((name for name, prefix in PREFIXES.items() if scope["path"].startswith(prefix)), None)


async def _read(receive: Receive) -> Receive:
    """Read the whole request now; what is returned gives it once more."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    messages.reverse()

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _nowhere(_message: Message) -> None:
    """Where a lost answer goes."""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
