"""Extend a hold."""

from django.conf import settings

from bookings import claims
from bookings.errors import HoldExpired, HoldLimitReached
from bookings.locks import lock_booking
from bookings.models import Booking
from core.errors import InvalidState
from core.transactions import in_one_transaction


@in_one_transaction
def extend(booking_id: int) -> Booking:
    """Let the hold run HOLD_MINUTES from now, at most HOLD_MAX_MINUTES from its beginning.

    Raises HoldLimitReached if that would not lengthen it, HoldExpired if it has ended, InvalidState if the booking is
    past holding.
    """
    booking, now = lock_booking(booking_id)
    if booking.status not in Booking.HOLDING:
        raise InvalidState("Only a hold can be extended.", state=booking.status)
    if booking.expires_at <= now:
        raise HoldExpired
    expires_at = min(now + settings.HOLD, booking.hold_limit)
    if expires_at <= booking.expires_at:
        raise HoldLimitReached
    locked_at = claims.keep_all(booking, len(booking.live_passengers()), expires_at)
    if locked_at is None or locked_at >= booking.expires_at:  # the hold ended while we waited for its claims
        raise HoldExpired
    booking.expires_at = expires_at
    booking.save(update_fields=["expires_at"])
    return booking
