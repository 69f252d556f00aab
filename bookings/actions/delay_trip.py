"""A trip runs later than it was sold."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from bookings import gate
from bookings.actions.confirm import SELLABLE
from bookings.models import Booking, BookingStatus, Trip, TripStop
from bookings.queries import SCHEDULE
from core import outbox
from core.clock import BerthNow
from core.errors import InvalidState, invalid
from core.transactions import in_one_transaction

LONGEST = timedelta(hours=24)  # what is later by more is another trip
_TIMES = ("arrives_at", "departs_at", "sales_end_at")


@in_one_transaction
def delay_trip(trip_id: int, *, by: timedelta) -> int:
    """Move all that a trip has still ahead of it, and write to whoever has seats from there. Returns how many that are.

    What has passed stays. Terms of cancellation count from the new departures, and money is earned at these.
    Raises FieldsInvalid for what is no delay or too long a one, InvalidState once the trip has left or was cancelled.
    """
    if not timedelta() < by <= LONGEST:
        raise invalid("by", "invalid", "A delay is longer than nothing and not longer than 24 hours.")
    gate.enter_to_change(trip_id)
    trip = Trip.objects.annotate(now=BerthNow()).get(pk=trip_id)
    if trip.status not in SELLABLE:
        raise InvalidState(f"The trip is {trip.status}; it cannot be delayed.", state=trip.status)
    stops = list(trip.stops.all())
    left_at = {stop.pk: stop.departs_at for stop in stops if stop.departs_at > trip.now}
    _move(stops, trip.now, by)
    told = _tell_travellers(trip, left_at)
    transaction.on_commit(SCHEDULE.forget)
    return told


def _move(stops: list[TripStop], now: datetime, by: timedelta) -> None:
    for stop in stops:
        for name in _TIMES:
            if getattr(stop, name) > now:
                setattr(stop, name, getattr(stop, name) + by)
    TripStop.objects.bulk_update(stops, _TIMES)


def _tell_travellers(trip: Trip, left_at: dict[int, datetime]) -> int:
    """`left_at`: when the stops ahead were to be left before. Each new departure of a booking is told once."""
    waiting = Q(status=BookingStatus.CONFIRMED) | Q(status__in=Booking.HOLDING, expires_at__gt=BerthNow())
    bookings = trip.bookings.filter(waiting, boarding__in=left_at).select_related("boarding")
    for booking in bookings:
        before = left_at[booking.boarding_id]
        subject = f"{booking.reference}:{booking.boarding.departs_at:%Y-%m-%dT%H:%M:%S}"
        outbox.enqueue("trip.delayed", subject, {"booking": booking.pk, "before": before.isoformat()})
    return len(bookings)
