"""The outbox: what must happen outside the database is written in the transaction that decides it, and done later.

A message is leased (its `due_at` moves into the future), handed to its handler outside any transaction, and marked.
A process that dies in between leaves a lapsed lease and at most one repeat, which receivers can tell by the message's
fixed id. UNIQUE (kind, subject) makes "one confirmation e-mail per booking" a constraint.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from core.correlation import correlated, current_id
from core.nudges import nudge

log = structlog.get_logger(__name__)

TRIES = Counter("berth_outbox_tries", "Tries to do what the outbox asks for", ["kind", "outcome"])

LEASE_SECONDS = 120  # longer than any handler may take (e-mail time-out 20 s)
MAX_ATTEMPTS = 5
_BACK_OFF_SECONDS = 2
NUDGE_TASK = "core.nudge_outbox"

_ENQUEUE = """
INSERT INTO core_outboxmessage
  (kind, subject, payload, status, attempts, due_at, last_error, correlation_id, created_at)
VALUES (%s, %s, %s::jsonb, 'pending', 0, berth_now(), '', %s, berth_now())
ON CONFLICT (kind, subject) DO NOTHING
"""
_LEASE = f"""
UPDATE core_outboxmessage
   SET due_at = berth_now() + interval '{LEASE_SECONDS} seconds', attempts = attempts + 1
 WHERE id = (SELECT id FROM core_outboxmessage
              WHERE status = 'pending' AND due_at <= berth_now()
              ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, subject, payload, attempts, correlation_id
"""
_SENT = "UPDATE core_outboxmessage SET status = 'sent', sent_at = berth_now(), last_error = '' WHERE id = %s"
_FAILED = """
UPDATE core_outboxmessage
   SET status = CASE WHEN attempts >= %s THEN 'failed' ELSE 'pending' END,
       due_at = berth_now() + make_interval(secs => %s), last_error = %s
 WHERE id = %s AND attempts = %s
"""
_SEND_AGAIN = """
UPDATE core_outboxmessage SET status = 'pending', attempts = 0, due_at = berth_now()
 WHERE id = ANY(%s) AND status = 'failed' RETURNING id
"""


@dataclass(frozen=True)
class Message:
    """A leased message as its handler sees it."""

    id: int
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int
    correlation_id: str


class LeaseLapsed(Exception):
    """A message whose every try ended with its worker."""


Handler = Callable[[Message], None]
_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does messages of a kind. It may run twice and must not write to the outbox."""

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"Two handlers for outbox messages of kind {kind}.")
        _handlers[kind] = handler
        return handler

    return register


def enqueue(kind: str, subject: str, payload: dict[str, Any] | None = None) -> None:
    """Put a message in, inside the caller's transaction; a second one of the same kind and subject is ignored.

    After the commit a worker is nudged. If that nudge is lost, the job drain_outbox comes every minute.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, [kind, subject, json.dumps(payload or {}), current_id()])
    transaction.on_commit(_nudge, robust=True)


def send_again(ids: Collection[int]) -> list[int]:
    """Put back those of these messages that were given up: due now, with all their tries. Returns their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_SEND_AGAIN, [list(ids)])
        put_back = [message_id for (message_id,) in cursor.fetchall()]
    if put_back:
        transaction.on_commit(_nudge, robust=True)
    return put_back


def kinds() -> list[str]:
    """Every kind of message that something handles."""
    return sorted(_handlers)


def _nudge() -> None:
    nudge(NUDGE_TASK, "emails")


def drain(limit: int = 1000) -> dict[str, int]:
    """Do up to `limit` due messages, one after the other. Returns {"sent": n, "failed": n}."""
    counts = {"sent": 0, "failed": 0}
    while sum(counts.values()) < limit and (message := _lease()):
        counts["sent" if _do(message) else "failed"] += 1
    return counts


def _lease() -> Message | None:
    with connection.cursor() as cursor:
        cursor.execute(_LEASE)
        row = cursor.fetchone()
    if row is None:
        return None
    message_id, kind, subject, payload, attempts, correlation_id = row
    return Message(message_id, kind, subject, json.loads(payload), attempts, correlation_id)


def _do(message: Message) -> bool:
    with correlated(message.correlation_id):
        try:
            if message.attempts > MAX_ATTEMPTS:
                raise LeaseLapsed("The worker ended during every try.")
            _handlers[message.kind](message)
        except Exception as error:  # whatever a handler meets, the message is kept and tried again
            log.exception("outbox_message_failed", kind=message.kind, subject=message.subject)
            back_off = _BACK_OFF_SECONDS * 2**message.attempts
            _mark(_FAILED, [MAX_ATTEMPTS, back_off, _describe(error), message.id, message.attempts])
            TRIES.labels(message.kind, "failed").inc()
            return False
        _mark(_SENT, [message.id])
        TRIES.labels(message.kind, "sent").inc()
        log.info("outbox_message_sent", kind=message.kind, subject=message.subject)
        return True


def _mark(sql: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
