"""End the sale of a trip."""

from django.db import transaction

from bookings import gate
from bookings.models import Trip
from bookings.queries import SCHEDULE
from core.transactions import in_one_transaction


@in_one_transaction
def close_trip(trip_id: int, *, reason: str) -> Trip:
    """Hold no more seats of a trip; those that are held may still be paid. Raises InvalidState."""
    gate.enter_to_change(trip_id)
    trip = Trip.objects.get(pk=trip_id)
    trip.close(reason=reason)
    transaction.on_commit(SCHEDULE.forget)
    return trip
