"""The jobs of payments."""

from celery.schedules import crontab

from core.clock import ClockTimestamp
from core.jobs import Result, job
from payments.actions.expire import expire_ended_holds
from payments.actions.receive import process
from payments.models import GatewayEvent
from payments.models.gateway_event import MAX_RETRIES


@job(schedule=crontab(minute="*/5"))
def expire_holds() -> Result:
    """End bookings whose hold has ended, and the sessions of their open payments."""
    return expire_ended_holds()


@job(schedule=crontab(), queue="webhooks")
def retry_webhooks() -> Result:
    """Process stored gateway events that failed or were cut off, with growing pauses, five times."""
    due = GatewayEvent.objects.filter(
        processed_at__isnull=True, retry_count__lt=MAX_RETRIES, next_attempt_at__lte=ClockTimestamp()
    ).order_by("next_attempt_at")
    counts = {"processed": 0, "failed": 0, "skipped": 0}
    for event in due[:500]:
        try:
            counts["processed" if process(event) else "skipped"] += 1
        except Exception:  # kept with the event and logged there; the others have their turn
            counts["failed"] += 1
    return counts
