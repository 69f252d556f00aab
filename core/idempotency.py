"""Idempotent requests: the first answer to a key is kept and replayed, whatever becomes of the connection.

A record is claimed before the work, in a statement of its own, and completed in the same transaction as the work's
effects. A claim whose lock lapsed (its process died) may be taken over by the same request; the fencing number keeps
a process that was only slow from completing after that.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from core.clock import BerthNow
from core.errors import IdempotencyInProgress, IdempotencyKeyMissing, IdempotencyPayloadMismatch
from core.models import IdempotencyRecord

LOCK_SECONDS = 60  # longer than any request may take, gateway time-outs and retries included
KEEP_HOURS = 24

_BEGIN = f"""
INSERT INTO core_idempotencyrecord AS record
  (scope, owner, key, request_hash, status, subject, fencing, locked_until, created_at, expires_at)
VALUES (%(scope)s, %(owner)s, %(key)s, %(hash)s, 'started', '', 1,
        berth_now() + interval '{LOCK_SECONDS} seconds', berth_now(),
        berth_now() + interval '{KEEP_HOURS} hours')
ON CONFLICT (scope, owner, key) DO UPDATE SET
  request_hash = EXCLUDED.request_hash, status = 'started', fencing = record.fencing + 1,
  subject = CASE WHEN record.expires_at <= berth_now() THEN '' ELSE record.subject END,
  response_status = NULL, response_body = NULL,
  locked_until = EXCLUDED.locked_until, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
WHERE record.expires_at <= berth_now()
   OR (record.status = 'started' AND record.locked_until <= berth_now()
       AND record.request_hash = EXCLUDED.request_hash)
RETURNING id, fencing, subject
"""


def request_hash(method: str, path: str, body: Any) -> str:
    """SHA-256 of method, path and the body with its keys sorted: equal for equal requests however they were spelt."""
    canonical = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def checked_key(key: str | None) -> str:
    """The key, if it is 1 to 255 printable ASCII characters; raises IdempotencyKeyMissing otherwise."""
    if not key or len(key) > 255 or not all(" " <= character <= "~" for character in key):
        raise IdempotencyKeyMissing(IdempotencyKeyMissing.__doc__ or "")
    return key


@dataclass(frozen=True)
class Replay:
    """The stored answer to an earlier request with the same key."""

    status: int
    body: Any


@dataclass(frozen=True)
class Claim:
    """The right to do the work of a key and to store its answer.

    `fencing` counts the claims of the record: only the latest may store. `subject` is what an earlier one pointed at.
    """

    record_id: int
    fencing: int
    key: str
    request_hash: str
    subject: str

    def complete(self, status: int, body: Any) -> None:
        """Store the answer; call it inside the transaction of the work."""
        self._store(IdempotencyRecord.Status.COMPLETED, status, body)

    def fail(self, status: int, body: Any) -> None:
        """Store a refusal: it is final for this key, since the same request would be refused again."""
        self._store(IdempotencyRecord.Status.FAILED, status, body)

    def point_at(self, subject: str) -> None:
        """Remember what the work created, for whoever takes over; call it inside the creating transaction."""
        self._update(subject=subject)

    def release(self) -> None:
        """Let the next request with this key begin at once: nothing was done, or it can be done again."""
        IdempotencyRecord.objects.filter(pk=self.record_id, fencing=self.fencing).update(locked_until=BerthNow())

    def _store(self, record_status: str, status: int, body: Any) -> None:
        self._update(status=record_status, response_status=status, response_body=body)

    def _update(self, **changes: Any) -> None:
        if not IdempotencyRecord.objects.filter(pk=self.record_id, fencing=self.fencing).update(**changes):
            raise IdempotencyInProgress("Another request with this key took over.")


def begin(scope: str, owner: str | None, key: str, payload_hash: str) -> Claim | Replay:
    """Claim a key, or return the answer that was stored for it.

    Raises IdempotencyInProgress while the first request runs and IdempotencyPayloadMismatch if the key belongs to
    another request. Must be called outside a transaction, so that others see the claim at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {"scope": scope, "owner": owner, "key": key, "hash": payload_hash})
        if row := cursor.fetchone():
            return Claim(record_id=row[0], fencing=row[1], key=key, request_hash=payload_hash, subject=row[2])
    record = IdempotencyRecord.objects.get(scope=scope, owner=owner, key=key)
    if record.request_hash != payload_hash:
        raise IdempotencyPayloadMismatch
    if record.status == IdempotencyRecord.Status.STARTED:
        raise IdempotencyInProgress
    assert record.response_status is not None
    return Replay(record.response_status, record.response_body)
