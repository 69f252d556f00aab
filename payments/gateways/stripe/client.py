"""Calls to Stripe through its official SDK, and its errors as ours.

Since SDK v15 a StripeObject is no dict, so answers are turned into plain dicts before anything reads them. The SDK
repeats a call without an answer, a 409 and a 5xx by itself, with the same idempotency key; a 429 it does not.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import stripe
import structlog
from django.conf import settings

from payments.errors import GatewayError, GatewayUnavailable, OutcomeUnknown
from payments.gateways.calls import Change, Operation, read

log = structlog.get_logger(__name__)

NAME = "stripe"
_TIMEOUT = 10  # seconds a call
_RETRIES = 2
_PAGE = 100
_WAIT_FOR_MONEY = 3600  # seconds until a refund is worth another try when our balance was too low for it

Json = dict[str, Any]


class Verdict(Enum):
    """What an error says about the call that met it."""

    AGAIN = "it was not done, or its idempotency key makes a repeat harmless: the same call may be made again"
    LATER = "it was not done, and may be later, but under another idempotency key: this one keeps its answer for a day"
    REFUSED = "it was not done, and the same call will be refused again"
    UNKNOWN = "it may have been done"


# Instead of a code, which it lacks: the key was sent with other parameters before, and what came of that is not told.
_KEY_OF_ANOTHER = "idempotency_error"

# By HTTP status (None: there was no answer) and Stripe's code. What is not listed is UNKNOWN: nobody may take it for
# a failure, and nobody may repeat it blindly. https://docs.stripe.com/error-low-level
_VERDICTS: dict[tuple[int | None, str | None], Verdict] = {
    (None, None): Verdict.AGAIN,
    (400, None): Verdict.REFUSED,
    (400, "balance_insufficient"): Verdict.LATER,
    (400, "insufficient_funds"): Verdict.LATER,
    (400, _KEY_OF_ANOTHER): Verdict.UNKNOWN,
    (402, None): Verdict.REFUSED,
    (404, None): Verdict.REFUSED,
    (409, None): Verdict.AGAIN,
    (429, None): Verdict.AGAIN,
}


def verdict(status: int | None, code: str | None) -> Verdict:
    """What an error of this status and code means for the call."""
    return _VERDICTS.get((status, code)) or _VERDICTS.get((status, None)) or Verdict.UNKNOWN


@functools.cache
def client(secret_key: str, address: str) -> stripe.StripeClient:
    """One for the process: it keeps a connection open for each thread."""
    return stripe.StripeClient(
        secret_key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": address},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT),
    )


def fetch(request: Callable[[], Any], operation: Operation = Operation.READ) -> Json:
    """Make a call that changes nothing. Nothing can be half done, so a 5xx is no answer at all."""

    def send() -> Json:
        try:
            return _sent(request)
        except OutcomeUnknown as error:
            raise GatewayUnavailable from error

    return read(NAME, operation, send)


def pages(request: Callable[..., Any], parameters: Json) -> Iterator[Json]:
    """Every item of a list, fetched a page at a time."""
    after: Json = {}
    while True:
        wanted = {**parameters, "limit": _PAGE, **after}
        page = fetch(lambda wanted=wanted: request(wanted), Operation.LIST)  # type: ignore[misc]
        with understood():
            yield from page["data"]
            if not page["has_more"]:
                return
            last, after = after, {"starting_after": page["data"][-1]["id"]}
            if after == last:
                raise ValueError("The list does not go on.")


def change(call: Change, request: Callable[[], Any]) -> Json:
    """Make a call that changes something; it is audited."""
    return call.send(lambda: _sent(request, OutcomeUnknown))


@contextmanager
def understood(otherwise: type[GatewayError] = GatewayError) -> Iterator[None]:
    """Read an answer. One that does not hold what Stripe promises raises `otherwise`: OutcomeUnknown after a change."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise otherwise("The payment service gave an answer that we do not understand.") from error


def _sent(request: Callable[[], Any], unreadable: type[GatewayError] = GatewayError) -> Json:
    """The answer as a plain dict.

    What the gateway says of an error is logged and not passed on: it is meant for us, and may name our key.
    """
    try:
        answer = request()
    except stripe.StripeError as error:
        log.warning("stripe_refused", status=error.http_status, code=error.code, request_id=error.request_id)
        code = _KEY_OF_ANOTHER if isinstance(error, stripe.IdempotencyError) else error.code
        match verdict(error.http_status, code):
            case Verdict.AGAIN:
                raise GatewayUnavailable(**_wait(error)) from error
            case Verdict.LATER:
                raise GatewayUnavailable(retry_after=_WAIT_FOR_MONEY, key_spent=True) from error
            case Verdict.REFUSED:
                raise GatewayError from error
            case Verdict.UNKNOWN:
                raise OutcomeUnknown from error
    with understood(unreadable):
        plain: Json = answer.to_dict()
        return plain


def _wait(error: stripe.StripeError) -> dict[str, Any]:
    given = (error.headers or {}).get("Retry-After") or (error.headers or {}).get("retry-after") or ""
    if given.isdecimal():
        return {"retry_after": int(given)}
    return {"retry_after": 1} if error.http_status == 429 else {}
