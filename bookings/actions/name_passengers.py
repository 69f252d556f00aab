"""Say who travels on which seat."""

from collections.abc import Sequence

from bookings.actions.hold import Traveller
from bookings.errors import HoldExpired
from bookings.locks import lock_booking
from bookings.models import Booking, Passenger
from core.errors import InvalidState, invalid
from core.transactions import in_one_transaction


@in_one_transaction
def name_passengers(booking_id: int, travellers: Sequence[Traveller]) -> Booking:
    """Set names and documents of the passengers on these seats, before payment. Other seats keep theirs.

    Raises FieldsInvalid for a seat that is not part of the booking or named twice, HoldExpired and InvalidState.
    """
    booking, now = lock_booking(booking_id)
    if not booking.is_unpaid:
        raise InvalidState("Names can be changed until payment.", state=booking.status)
    if booking.expires_at <= now:
        raise HoldExpired
    by_seat = {passenger.seat.number: passenger for passenger in booking.live_passengers()}
    seen: set[str] = set()
    for index, traveller in enumerate(travellers):
        if traveller.seat not in by_seat:
            raise invalid(f"{index}.seat", "unknown", f"Seat {traveller.seat} is not part of this booking.")
        if traveller.seat in seen:
            raise invalid(f"{index}.seat", "duplicate", f"Seat {traveller.seat} is named twice.")
        seen.add(traveller.seat)
        passenger = by_seat[traveller.seat]
        passenger.full_name, passenger.document = traveller.full_name, traveller.document
    Passenger.objects.bulk_update([by_seat[seat] for seat in sorted(seen)], ["full_name", "document"])
    return booking
