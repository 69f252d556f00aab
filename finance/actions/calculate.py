"""The settlements of a month, of every operator."""

from datetime import UTC, date

import structlog
from django.utils import timezone

from bookings.models import Operator
from core.errors import invalid
from finance.actions.draft import draft
from finance.actions.release import release_reserves

log = structlog.get_logger(__name__)


def calculate(month: date) -> dict[str, int]:
    """Draft the settlements of a month that has ended, of every operator; drafts that exist are made anew.

    Reserves whose time is over are released first. Each operator is a transaction of its own. Returns {"drafts": n,
    "released": n, "unsettled": n (something went wrong)}. Raises FieldsInvalid for a month that has not ended.
    """
    month = month.replace(day=1)
    if month >= timezone.now().astimezone(UTC).date().replace(day=1):
        raise invalid("month", "not_over", "The month has not ended.")
    counts = {"drafts": 0, "released": 0, "unsettled": 0}
    for operator in Operator.objects.order_by("pk"):
        try:
            counts["released"] += release_reserves(operator.pk, month)
            counts["drafts"] += draft(operator.pk, month) is not None
        except Exception:  # whatever one operator meets, the others have their turn
            log.exception("operator_not_settled", operator=operator.code)
            counts["unsettled"] += 1
    return counts
