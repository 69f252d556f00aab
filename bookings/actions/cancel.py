"""Give sold seats back: the passengers will not travel, and the books say what becomes of their money."""

from collections.abc import Mapping, Sequence

from bookings import claims, postings
from bookings.models import Booking, Passenger, TripStatus
from bookings.policy import Share
from core import outbox


def cancel_seats(
    booking: Booking, shares: Sequence[Share], *, covered: Mapping[str, int], reason: str, by_bank: int = 0
) -> None:
    """Cancel these passengers of a locked, confirmed booking, in the caller's transaction; their seats are free.

    `covered` tells from which accounts comes what goes back, minor units (`refunds:payable` is still to be paid); it
    sums to what the shares give back, less what the payer has `by_bank`. With the last passenger the booking is
    cancelled. The message `booking.cancelled` goes out once a set of seats.
    """
    for share in shares:
        share.passenger.cancel(reason=reason)
    claims.release(booking, seats=[share.passenger.seat_id for share in shares])
    postings.seats_cancelled(booking, shares, covered=covered, by_bank=by_bank)
    if not booking.live_passengers():
        booking.cancel(reason=reason)
    tell_cancelled(
        booking,
        [share.passenger for share in shares],
        refund=covered.get("refunds:payable", 0),
        kept=sum(share.passenger.price for share in shares) - max(by_bank, sum(share.back for share in shares)),
    )


def tell_cancelled(booking: Booking, passengers: Sequence[Passenger], *, refund: int = 0, kept: int = 0) -> None:
    """Tell the traveller that these seats are given up, and what becomes of their money, minor units."""
    first = min(passenger.pk for passenger in passengers)
    outbox.enqueue(
        "booking.cancelled",
        f"{booking.reference}:{first}",
        {
            "booking": booking.pk,
            "seats": [passenger.seat.number for passenger in passengers],
            "refund": refund,
            "kept": kept,
            "trip_cancelled": booking.trip.status == TripStatus.CANCELLED,
        },
    )
