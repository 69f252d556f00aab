"""The one clock, in queries: holds, leases and entries are judged by PostgreSQL's, however many machines serve.

In SQL it is called `berth_now()`: that is `clock_timestamp()`, in a function that belongs to the owner. Never now(),
which stands still from the transaction's beginning, so also while a statement waits for a lock.
"""

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, Value
from django.db.models.expressions import Combinable


class BerthNow(Func):
    """The time now. Not now(), which stands still from the transaction's beginning, lock waits included."""

    function = "berth_now"
    template = "%(function)s()"
    output_field = DateTimeField()


class ClockTimestamp(Func):
    """What migrations before `berth_now()` gave columns as their default; nothing else reads PostgreSQL's own clock."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = DateTimeField()


def from_now(duration: timedelta) -> Combinable:
    """The time a duration from now, as an expression."""
    return ExpressionWrapper(BerthNow() + Value(duration, output_field=DurationField()), output_field=DateTimeField())
