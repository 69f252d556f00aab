"""Bookings whose travellers have left: from then on their money is earned."""

from collections.abc import Iterator
from datetime import datetime

import structlog

from bookings import postings
from bookings.locks import lock_to_sell
from bookings.models import Booking, BookingStatus, PassengerStatus, TripStatus
from core.clock import BerthNow
from core.transactions import in_one_transaction

log = structlog.get_logger(__name__)

_BATCH = 500


def complete_departed_bookings() -> dict[str, int]:
    """Complete every booking whose boarding stop was left, and earn its money; each in a transaction of its own.

    Returns {"earned": n, "unearned": n (something went wrong: next time)}.
    """
    counts = {"earned": 0, "unearned": 0}
    for booking_id, trip_id in _departed():
        try:
            counts["earned"] += _complete_one(booking_id, trip_id)
        except Exception:  # whatever one booking meets, the others have their turn
            log.exception("booking_not_completed", booking=booking_id)
            counts["unearned"] += 1
    return counts


@in_one_transaction
def _complete_one(booking_id: int, trip_id: int) -> bool:
    booking, now = lock_to_sell(trip_id, booking_id)
    return complete(booking, now)


def complete(booking: Booking, now: datetime) -> bool:
    """Complete a locked booking if its travellers have left by `now`, in the caller's transaction; False if not.

    The caller came through the trip's gate. A cancelled trip takes nobody: its bookings are paid back.
    """
    left = booking.boarding.departs_at <= now and booking.trip.status != TripStatus.CANCELLED
    if booking.status != BookingStatus.CONFIRMED or not left:
        return False
    if nobody_travelled(booking):
        booking.miss(reason="Nobody showed up.")
    else:
        booking.complete()
    postings.earned(booking)
    return True


def nobody_travelled(booking: Booking) -> bool:
    """Whether all passengers of a loaded booking who were not cancelled did not show up."""
    return all(passenger.status == PassengerStatus.NO_SHOW for passenger in booking.live_passengers())


def _departed() -> Iterator[tuple[int, int]]:
    """The ids of bookings to complete and of their trips, batch after batch: what fails is passed over."""
    last = 0
    while True:
        due = Booking.objects.filter(
            status=BookingStatus.CONFIRMED, boarding__departs_at__lte=BerthNow(), id__gt=last
        ).exclude(trip__status=TripStatus.CANCELLED)
        batch = list(due.order_by("id").values_list("id", "trip_id")[:_BATCH])
        if not batch:
            return
        yield from batch
        last = batch[-1][0]
