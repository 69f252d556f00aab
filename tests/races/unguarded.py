"""The web application with seats taken as one would at first: look whether they are free, then write them down.

Served by a counter-test, on a table whose primary key was dropped, to show that the race for seats is real.
"""

import time
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from config.wsgi import application  # first: it makes the models importable

__all__ = ["application"]

from bookings import claims
from bookings.models import Booking, SeatClaim

THOUGHT = 0.1  # seconds; without any pause it goes wrong all the same, only not at every try


def take(booking: Booking, seats: Collection[int], expires_at: datetime | None, *, own: bool = False) -> set[int]:
    """Check, then insert."""
    legs = range(booking.boarding.position, booking.alighting.position)
    running = SeatClaim.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), trip_id=booking.trip_id)
    if taken := set(running.filter(seat_id__in=seats, leg__in=legs).values_list("seat_id", flat=True)):
        return taken
    time.sleep(THOUGHT)
    SeatClaim.objects.bulk_create(
        SeatClaim(trip_id=booking.trip_id, seat_id=seat, leg=leg, booking=booking, expires_at=expires_at)
        for seat in seats
        for leg in legs
    )
    return set()


claims.take = take
