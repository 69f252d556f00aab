"""Calls to Flutterwave's API v3 over plain HTTP, and its errors as ours. It has no idempotency keys.

https://developer.flutterwave.com/v3.0/docs/errors and .../handling-error-timeouts: a time-out there is a 503 after 28
seconds, and what was asked for may still be done after it.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests
import structlog
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError
from urllib3.util import Retry

from payments.errors import GatewayError, GatewayUnavailable, OutcomeUnknown
from payments.gateways.calls import Change, Operation, read

log = structlog.get_logger(__name__)

NAME = "flutterwave"
_TIMEOUT = 10  # seconds a call
# What changes something is sent once: only a connection that was never made is tried again.
_RETRIES = Retry(total=2, allowed_methods=["GET"], backoff_factor=0.2, respect_retry_after_header=False)
_NOTHING_FOUND = re.compile(r"^no \w+ was found", re.IGNORECASE)
_WAIT_FOR_MONEY = 3600  # seconds until a refund is worth another try when our balance was too low for it

Json = dict[str, Any]


class NothingFound(GatewayError):
    """There is no transaction or refund of this id, or none yet."""


class _Key(AuthBase):
    """As an object of its own, so that no .netrc of the machine can put another in its place."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {settings.FLUTTERWAVE_SECRET_KEY}"
        return request


_of_thread = threading.local()


def _session() -> requests.Session:
    """One for each thread: it keeps its connection, and cannot be shared."""
    session: requests.Session | None = getattr(_of_thread, "session", None)
    if session is None:
        session = _of_thread.session = requests.Session()
        session.auth = _Key()
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=_RETRIES))
    return session


def fetch(path: str, operation: Operation = Operation.READ, **query: Any) -> Json:
    """Make a call that changes nothing. Raises NothingFound, GatewayUnavailable, GatewayError."""

    def send() -> Json:
        try:
            return _sent("GET", path, params=query)
        except OutcomeUnknown as error:  # nothing can be half done, so that is no answer at all
            raise GatewayUnavailable from error

    return read(NAME, operation, send)


def pages(path: str, **query: Any) -> Iterator[Json]:
    """Every item of a list, newest first, fetched a page at a time. What comes meanwhile may be shown twice."""
    number = 1
    while True:
        page = fetch(path, Operation.LIST, **query, page=number)
        with understood():
            yield from page["data"]
            if number >= page["meta"]["page_info"]["total_pages"]:
                return
        number += 1


def change(call: Change, path: str, fields: Mapping[str, Any], *, may_be_repeated: bool = False) -> Json:
    """Make a call that changes something; it is audited. Raises OutcomeUnknown too, unless a repeat does no harm."""

    def send() -> Json:
        try:
            return _sent("POST", path, json=fields)
        except OutcomeUnknown as error:
            if may_be_repeated:
                raise GatewayUnavailable from error
            raise

    return call.send(send)


@contextmanager
def understood() -> Iterator[None]:
    """Read an answer; one that does not hold what Flutterwave promises is a GatewayError."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise GatewayError("The payment service gave an answer that we do not understand.") from error


def _sent(method: str, path: str, **options: Any) -> Json:
    """The answer, its numbers exact.

    What the gateway says of an error is logged and not passed on: it is meant for us.
    """
    url = f"{settings.FLUTTERWAVE_API_BASE}/v3/{path}"
    try:
        answer = _session().request(method, url, timeout=_TIMEOUT, allow_redirects=False, **options)
    except requests.RequestException as error:
        log.warning("flutterwave_silent", method=method, path=path, error=type(error).__name__)
        raise (GatewayUnavailable if _was_never_sent(error) else OutcomeUnknown) from error
    try:
        told = json.loads(answer.content, parse_float=Decimal)
        if answer.status_code == HTTPStatus.OK and told["status"] == "success":
            return dict(told)
        said = f"{told['message']} {told.get('data') or ''}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said = ""  # not Flutterwave's own words; its status decides
    log.warning("flutterwave_refused", method=method, path=path, status=answer.status_code, said=said[:300])
    raise _verdict(answer, said)


def _verdict(answer: requests.Response, said: str) -> Exception:
    """What an answer that is no success means. Closed by default: what is not listed may have been done."""
    match answer.status_code:
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = answer.headers.get("Retry-After", "")
            return GatewayUnavailable(retry_after=int(wait) if wait.isdecimal() else 1)
        case HTTPStatus.BAD_REQUEST | HTTPStatus.NOT_FOUND if _NOTHING_FOUND.search(said):
            return NothingFound()
        case HTTPStatus.BAD_REQUEST if "insufficient" in said.lower():
            return GatewayUnavailable(retry_after=_WAIT_FOR_MONEY)
        case (
            HTTPStatus.BAD_REQUEST
            | HTTPStatus.UNAUTHORIZED
            | HTTPStatus.FORBIDDEN
            | HTTPStatus.NOT_FOUND
            | HTTPStatus.UNPROCESSABLE_ENTITY
        ):
            return GatewayError()
        case HTTPStatus.OK if said:  # an error in the clothes of a success
            return GatewayError()
    return OutcomeUnknown()


def _was_never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made at all, so that the gateway cannot have heard of it."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
