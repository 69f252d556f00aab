"""The jobs of payments."""

from typing import Any

from celery.schedules import crontab

from core.clock import BerthNow
from core.jobs import Option, Result, job
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.expire import expire_ended_holds
from payments.actions.forget import forget_travellers_of_old
from payments.actions.match_payouts import match_all
from payments.actions.receive import process
from payments.actions.reconcile import Options, Progress, in_log, reconcile
from payments.actions.refund import process_due_refunds
from payments.models import GatewayEvent
from payments.models.gateway_event import MAX_RETRIES


@job(schedule=crontab(minute="*/5"))
def expire_holds() -> Result:
    """End bookings whose hold has ended, and the sessions of their open payments."""
    return expire_ended_holds()


@job(schedule=crontab(minute="*/10"))
def process_refunds() -> Result:
    """Send refunds that are owed, look at those under way, and pay the travellers of cancelled trips back."""
    return clear_cancelled_trips() | process_due_refunds()


@job(schedule=crontab(minute=20, hour=4))
def forget_travellers() -> Result:
    """Forget who travelled on trips that arrived RETENTION_DAYS ago, and who paid; the books keep the rest."""
    return forget_travellers_of_old()


@job(schedule=crontab(), queue="webhooks")
def retry_webhooks() -> Result:
    """Process stored gateway events that failed or were cut off, with growing pauses, five times."""
    due = GatewayEvent.objects.filter(
        processed_at__isnull=True, retry_count__lt=MAX_RETRIES, next_attempt_at__lte=BerthNow()
    ).order_by("next_attempt_at")
    counts = {"processed": 0, "failed": 0, "skipped": 0}
    for event in due[:500]:
        try:
            counts["processed" if process(event) else "skipped"] += 1
        except Exception:  # kept with the event and logged there; the others have their turn
            counts["failed"] += 1
    return counts


_MIN_AGE = 10  # minutes that webhooks have before a payment is compared


@job(
    schedule=crontab(minute=0, hour="2,8,14,20"),
    options=(
        Option("dry_run", bool, False, "change nothing, tell what would be"),  # noqa: FBT003
        Option("lookback_days", int, 7, "payments started in so many days"),
        Option("limit", int, 100, "at most so many payments, the longest unchecked first; 0: all"),
        Option("min_age_minutes", int, _MIN_AGE, "none that was started since"),
    ),
)
def reconcile_payments(*, min_age_minutes: int = _MIN_AGE, progress: Progress = in_log, **options: Any) -> Result:
    """Compare payments, refunds, disputes and unknown money with the gateways, and mend what is out of step."""
    return reconcile(Options(min_age_minutes=min_age_minutes, **options), progress)


@job(schedule=crontab(minute=30, hour=3))
def match_payouts() -> Result:
    """Match the gateways' balances and payouts to the ledger, line by line."""
    return match_all()
