"""Sell a trip again."""

from django.db import transaction

from bookings import gate
from bookings.models import Trip
from bookings.queries import SCHEDULE
from core.transactions import in_one_transaction


@in_one_transaction
def reopen_trip(trip_id: int, *, reason: str) -> Trip:
    """Put a closed trip back on sale, at each stop until its own end of sales. Raises InvalidState."""
    gate.enter_to_change(trip_id)
    trip = Trip.objects.get(pk=trip_id)
    trip.reopen(reason=reason)
    transaction.on_commit(SCHEDULE.forget)
    return trip
