"""Tables of core."""

from core.models.idempotency import IdempotencyRecord
from core.models.job_run import JobRun
from core.models.outbox import OutboxMessage
from core.models.status_change import StatusChange

__all__ = ["IdempotencyRecord", "JobRun", "OutboxMessage", "StatusChange"]
