"""How selling stands: what is held just now."""

from collections.abc import Iterable

from django.db.models import Count
from prometheus_client.core import Metric

from bookings.models import Booking
from core.clock import BerthNow
from core.metrics import gauge, reading


@reading
def holds() -> Iterable[Metric]:
    """Bookings that hold seats and are not paid for yet, and their seats."""
    held = Booking.objects.filter(status__in=Booking.HOLDING, expires_at__gt=BerthNow()).aggregate(
        bookings=Count("pk", distinct=True), seats=Count("passengers")
    )
    yield gauge("berth_bookings_holding", "Unpaid bookings that hold seats", held["bookings"])
    yield gauge("berth_seats_held", "Seats that they hold", held["seats"])
