"""The job of finance."""

from datetime import UTC, date, datetime

from celery.schedules import crontab
from django.utils import timezone

from core.errors import invalid
from core.jobs import Option, Result, job
from finance.actions.calculate import calculate
from finance.months import month_before


@job(
    schedule=crontab(minute=0, hour=3, day_of_month=1),
    options=(Option("month", str, None, "of this month, as 2026-10; the last one that has ended unless told"),),
)
def calculate_settlements(*, month: str | None = None) -> Result:
    """Draft what each operator is to be paid for a month, and release the reserves whose time is over."""
    return calculate(_month(month) if month else month_before(timezone.now().astimezone(UTC).date()))


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise invalid("month", "invalid", "Write a month as 2026-10.") from None
