"""A form that is sent twice makes one booking."""

import time
from collections.abc import Callable

from bookings.models import Booking
from core import idempotency
from core.actors import current_actor
from core.errors import IdempotencyInProgress

_SCOPE = "booking.create"
_PATIENCE = 8.0  # seconds; a hold takes a few milliseconds, on a bad day some hundred
_PAUSE = 0.05

BeforeCommit = Callable[[Booking], None]


def hold_once(key: str, form_hash: str, hold_seats: Callable[[BeforeCommit], Booking]) -> str:
    """The reference of the booking that these seats were held for, by this call or by an earlier one.

    The second click of two shows its own answer, so it waits for the first one's booking. The hash is part of the key:
    a form that was changed and sent again is another request. Raises what `hold_seats` raises.
    """
    begun = _begin(f"{key}:{form_hash[:16]}", form_hash)
    if isinstance(begun, idempotency.Replay):
        return str(begun.body["reference"])
    try:
        return hold_seats(lambda booking: begun.complete(302, {"reference": booking.reference})).reference
    except Exception:  # whatever went wrong, nothing was held, and the same form may be sent again at once
        begun.release()
        raise


def _begin(key: str, form_hash: str) -> idempotency.Claim | idempotency.Replay:
    patience_ends = time.monotonic() + _PATIENCE
    while True:
        try:
            return idempotency.begin(_SCOPE, current_actor(), key, form_hash)
        except IdempotencyInProgress:
            if time.monotonic() > patience_ends:
                raise
        time.sleep(_PAUSE)
