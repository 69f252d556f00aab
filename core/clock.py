"""PostgreSQL's clock in queries: holds and leases are judged by one clock, however many machines serve."""

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, Value
from django.db.models.expressions import Combinable


class ClockTimestamp(Func):
    """The time now. Not now(), which stands still from the transaction's beginning, lock waits included."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = DateTimeField()


def from_now(duration: timedelta) -> Combinable:
    """The time a duration from now, as an expression."""
    return ExpressionWrapper(
        ClockTimestamp() + Value(duration, output_field=DurationField()), output_field=DateTimeField()
    )
