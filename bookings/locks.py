"""Row locks of this app. The order of all locks is in docs/architecture.md; the trip gate comes before these."""

from datetime import datetime

from bookings import gate
from bookings.models import Booking, Passenger
from core.clock import BerthNow
from core.errors import NotFound


def lock_booking(booking_id: int) -> tuple[Booking, datetime]:
    """The booking with its trip, stops and passengers, locked until commit, and PostgreSQL's time after the wait."""
    try:
        booking = (
            Booking.objects.select_for_update(of=("self",), no_key=True)
            .select_related("trip__operator", "boarding__place", "alighting__place")
            .get(pk=booking_id)
        )
    except Booking.DoesNotExist:
        raise NotFound from None
    # A statement of its own: the time in the locking one may be that of before the wait.
    passengers = list(
        Passenger.objects.filter(booking=booking).select_related("seat").annotate(now=BerthNow()).order_by("id")
    )
    booking._prefetched_objects_cache = {"passengers": passengers}  # type: ignore[attr-defined]  # noqa: SLF001
    return booking, max(passenger.now for passenger in passengers)


def lock_to_sell(trip_id: int, booking_id: int) -> tuple[Booking, datetime]:
    """The same behind the trip's gate, so that the trip's status stays as it is read here until commit."""
    gate.enter_to_sell(trip_id)
    return lock_booking(booking_id)
