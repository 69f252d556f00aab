"""Give seats back before they were sold: the hold ends, is given up, or its payment fails for good.

Each of these runs in the caller's transaction, under the booking's lock: `payments` decides the fate of the open
payment and of the booking together.
"""

from datetime import datetime

from django.conf import settings

from bookings import claims
from bookings.actions.cancel import tell_cancelled
from bookings.errors import HoldExpired, SeatUnavailable
from bookings.models import Booking, BookingPaymentStatus, TripStatus


def expire(booking: Booking, now: datetime) -> bool:
    """End a booking whose hold has ended; tells whether it did. Seats that others took over stay theirs."""
    if not booking.is_unpaid or booking.expires_at > now:
        return False
    # Only ended claims: a sale that was confirmed meanwhile keeps its seats, whatever is believed here.
    claims.release(booking, ended_only=True)
    booking.expire(reason="The hold ended.")
    return True


def give_up(booking: Booking, *, reason: str) -> None:
    """Cancel an unpaid booking and put its seats back on sale. If its trip will not run, the traveller is told."""
    passengers = booking.live_passengers()
    for passenger in passengers:
        passenger.cancel(reason=reason)
    claims.release(booking)
    booking.cancel(reason=reason)
    if booking.trip.status == TripStatus.CANCELLED:
        tell_cancelled(booking, passengers)


def fail(booking: Booking, now: datetime, *, reason: str) -> None:
    """The payment came to a final end; the seats go back on sale, and another payment may be tried for a while.

    A hold that had been lengthened for a slow payment ends HOLD_MINUTES from now.
    """
    claims.release(booking)
    booking.fail(reason=reason, expires_at=min(booking.expires_at, now + settings.HOLD))


def no_slow_payment(booking: Booking) -> None:
    """What was under way came to nothing, or came too late."""
    if booking.payment_status == BookingPaymentStatus.PROCESSING:
        booking.payment_status = BookingPaymentStatus.UNPAID
        booking.save(update_fields=["payment_status"])


def hold_again(booking: Booking, now: datetime) -> None:
    """Claim the seats of a booking whose payment failed once more. Raises HoldExpired or SeatUnavailable."""
    if booking.expires_at <= now:
        raise HoldExpired
    passengers = booking.live_passengers()
    if lost := claims.take(booking, [passenger.seat_id for passenger in passengers], booking.expires_at, own=True):
        raise SeatUnavailable(seats=[passenger.seat.number for passenger in passengers if passenger.seat_id in lost])


def await_slow_payment(booking: Booking, now: datetime) -> None:
    """Keep the seats for PROCESSING_HOLD_HOURS: the traveller has paid, the money takes its time.

    Seats that were lost already are not missed here; if the money comes, confirming finds out and it goes back.
    """
    expires_at = now + settings.PROCESSING_HOLD
    if claims.keep_all(booking, len(booking.live_passengers()), expires_at):
        booking.expires_at = expires_at
    booking.payment_status = BookingPaymentStatus.PROCESSING
    booking.save(update_fields=["expires_at", "payment_status"])
