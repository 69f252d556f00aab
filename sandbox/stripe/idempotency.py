"""Idempotency keys as Stripe keeps them: https://docs.stripe.com/api/idempotent_requests

Kept is the answer of every request that began to execute, 500 included; a request that failed validation, or met its
own key in use, leaves no trace and may be sent again.
"""

import hashlib
import json
from collections.abc import Mapping

from sandbox.clock import CLOCK
from sandbox.store import Store
from sandbox.stripe.errors import IdempotencyConflictError, StripeError
from sandbox.stripe.forms import Raw
from sandbox.stripe.reply import Reply

LONGEST_KEY = 255
KEPT_SECONDS = 24 * 3600


def digest(params: Mapping[str, Raw]) -> str:
    """The same for the same parameters in any order."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def look_up(store: Store, key: str, path: str, wanted: str) -> Reply | None:
    """The kept answer, or None for a key that is free.

    Raises StripeError: the key is too long, belongs to another request, or its request still runs.
    """
    if len(key) > LONGEST_KEY:
        raise StripeError(f"Idempotency keys can have up to {LONGEST_KEY} characters, but you passed in {len(key)}.")
    kept = store.row("SELECT * FROM idempotency_keys WHERE key = ? AND created > ?", key, CLOCK.time() - KEPT_SECONDS)
    if kept is None:
        return None
    other = f"Try using a key other than '{key}' if you meant to execute a different request."
    if kept["path"] != path:
        plain = (
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{kept['path']}'). {other}"
        )
        raise IdempotencyConflictError(plain)
    if kept["digest"] != wanted:
        plain = "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        raise IdempotencyConflictError(plain + other)
    if kept["in_flight"]:
        plain = (
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later."
        )
        raise StripeError(plain, code="idempotency_key_in_use", status=409)
    replay = {"idempotent-replayed": "true", "original-request": kept["request"]}
    return Reply(kept["status"], kept["body"], headers=replay)


def keep(store: Store, key: str, path: str, wanted: str, *, request: str, reply: Reply) -> None:
    """Note the answer of a request whose effect is done, and that the request still runs."""
    store.put(
        "idempotency_keys",
        key=key,
        path=path,
        digest=wanted,
        request=request,
        status=reply.status,
        body=reply.body,
        in_flight=1,
        created=CLOCK.time(),
    )


def finish(store: Store, key: str) -> None:
    """The request has ended: from now on its answer is replayed."""
    store.run("UPDATE idempotency_keys SET in_flight = 0 WHERE key = ?", key)


def finish_all(store: Store) -> None:
    """At start: no request survived the end of the process."""
    store.run("UPDATE idempotency_keys SET in_flight = 0")
