"""Days and months as reports count them: by UTC, by posting date, and the last one included."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from django.utils import timezone

from finance.months import month_after


def today() -> date:
    """The day that it is, by UTC."""
    return timezone.now().astimezone(UTC).date()


def start_of(day: date | None) -> str:
    """The first moment of a day, as PostgreSQL reads it; without a day, the beginning of time."""
    return datetime.combine(day, time.min, UTC).isoformat() if day else "-infinity"


def months(first: date, last: date) -> Iterator[date]:
    """The first days of all months that have days from the first to the last."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = month_after(month)
