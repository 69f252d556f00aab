"""A trip will not run."""

from django.db import transaction

from bookings import gate
from bookings.models import Trip
from bookings.queries import SCHEDULE
from core.transactions import in_one_transaction


@in_one_transaction
def cancel_trip(trip_id: int, *, reason: str) -> Trip:
    """Cancel a trip; a job then cancels its bookings and pays everybody back in full. Raises InvalidState."""
    gate.enter_to_change(trip_id)
    trip = Trip.objects.get(pk=trip_id)
    trip.cancel(reason=reason)
    transaction.on_commit(SCHEDULE.forget)
    return trip
