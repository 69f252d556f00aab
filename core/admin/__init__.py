"""The machinery in the staff site, to read; and what the admin packages of all apps are made of."""

from core.admin.idempotency_record import IdempotencyRecordAdmin
from core.admin.job_run import JobRunAdmin
from core.admin.outbox_message import OutboxMessageAdmin
from core.admin.status_change import StatusChangeAdmin

__all__ = ["IdempotencyRecordAdmin", "JobRunAdmin", "OutboxMessageAdmin", "StatusChangeAdmin"]
