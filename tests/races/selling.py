"""The two ends that a hold can come to, as short as they can be told: it is sold, or its trip is cancelled."""

from bookings import gate
from bookings.actions.confirm import confirm
from bookings.locks import lock_to_sell
from bookings.models import Booking, SeatClaim, Trip
from core.transactions import in_one_transaction


@in_one_transaction
def sell(booking: Booking) -> Booking:
    """Confirm a booking as its payment does. Raises SeatsLost."""
    locked, now = lock_to_sell(booking.trip_id, booking.pk)
    confirm(locked, now, paid_amount=locked.total.amount)
    return locked


@in_one_transaction
def cancel_trip(trip: Trip) -> None:
    """Cancel a trip, alone behind its gate."""
    gate.enter_to_change(trip.pk)
    Trip.objects.get(pk=trip.pk).cancel(reason="Storm.")


def fresh(booking: Booking) -> Booking:
    """The booking as it is in the database now."""
    return Booking.objects.get(pk=booking.pk)


def owners(trip: Trip) -> dict[str, int | None]:
    """Who has each taken seat of a trip of one leg."""
    return dict(SeatClaim.objects.filter(trip=trip).values_list("seat__number", "booking_id"))
