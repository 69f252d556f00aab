"""Events that were stored and never processed: they failed, or the job that should have tried them is not running."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from core.clock import BerthNow, from_now
from core.jobs import nudge
from payments.actions.reconcile.findings import Found
from payments.batches import in_batches
from payments.models import Finding, FindingKind, GatewayEvent, Outcome

_OVERDUE = timedelta(minutes=-10)  # so long after its time nobody comes for an event by itself
_BATCH = 500


def no_longer_waiting() -> Iterator[str]:
    """The subjects of earlier findings whose events were processed since."""
    told = Finding.objects.filter(Finding.UNSETTLED, finding=FindingKind.EVENT)
    ids = told.values_list("gateway_id", flat=True)
    for batch in in_batches(ids.order_by("pk").iterator(chunk_size=_BATCH), _BATCH):
        processed = GatewayEvent.objects.filter(event_id__in=batch, processed_at__isnull=False)
        yield from (_subject(event_id) for event_id in processed.values_list("event_id", flat=True))


def _subject(event_id: str) -> str:
    return f"event {event_id}"


def waiting_events(*, dry_run: bool) -> Iterator[Found]:
    """They are due again, with all their tries."""
    stuck = GatewayEvent.objects.filter(processed_at__isnull=True).filter(
        Q(retry_count__gt=0) | Q(next_attempt_at__lt=from_now(_OVERDUE))
    )
    outcome = Outcome.WOULD_FIX if dry_run else Outcome.FIXED
    rescheduled = 0
    for events in in_batches(stuck.only("pk", "event_id").order_by("pk").iterator(chunk_size=_BATCH), _BATCH):
        if not dry_run:
            unprocessed = GatewayEvent.objects.filter(pk__in=[one.pk for one in events], processed_at__isnull=True)
            rescheduled += unprocessed.update(retry_count=0, next_attempt_at=BerthNow())
        for event in events:
            yield Found(_subject(event.event_id), event.event_id, FindingKind.EVENT, "process it again", outcome)
    if rescheduled:
        transaction.on_commit(lambda: nudge("retry_webhooks"), robust=True)
