"""The platform's part of the fares, in minor units of the booking's currency."""

from bookings.models import Booking
from core.money import allocate, share


def commission_by_passenger(booking: Booking) -> dict[int, int]:
    """Of each passenger's fare: rounded once for the whole booking, the rest by largest remainder over its seats."""
    passengers = sorted(booking.passengers.all(), key=lambda passenger: passenger.pk)
    fares = [passenger.fare_amount for passenger in passengers]
    parts = allocate(share(sum(fares), booking.commission_bps), fares)
    return {passenger.pk: part for passenger, part in zip(passengers, parts, strict=True)}


def commission_on(part: int, fare: int, commission: int) -> int:
    """Of a part of one fare whose whole commission is known."""
    return allocate(commission, [part, fare - part])[0]
