"""Sell the seats of a paid booking."""

from datetime import datetime

from django.db import transaction

from bookings import claims
from bookings.errors import SeatsLost
from bookings.models import Booking, BookingStatus, TripStatus
from core import outbox

SELLABLE = (TripStatus.OPEN, TripStatus.CLOSED)


def takes_travellers(booking: Booking, now: datetime) -> bool:
    """Whether the booking's trip can still take its travellers where they board."""
    return booking.trip.status in SELLABLE and booking.boarding.departs_at > now


def confirm(booking: Booking, now: datetime, *, paid_amount: int, reason: str = "") -> None:
    """Make a locked booking's claims permanent and the booking confirmed, in the caller's transaction.

    The caller came through bookings.locks.lock_to_sell. A hold that ended is claimed again if its seats are still
    free. Raises SeatsLost, with nothing changed, if they are not, if the trip is cancelled or has left by `now`, or if
    the booking's state does not allow it. `paid_amount`: minor units of its currency, all payments together.
    """
    if not booking.transitions.allows(booking.status, BookingStatus.CONFIRMED):
        raise SeatsLost(f"The booking is {booking.status}.")
    if not takes_travellers(booking, now):
        raise SeatsLost("The trip takes nobody any more.")
    seats = [passenger.seat_id for passenger in booking.live_passengers()]
    if claims.keep_all(booking, len(seats), None) is None:
        with transaction.atomic():  # a part of the seats is given back with the rest
            if claims.take(booking, seats, None, own=True):
                raise SeatsLost
    booking.confirm(paid_amount=paid_amount, reason=reason)
    outbox.enqueue("booking.confirmed", booking.reference, {"booking": booking.pk})
