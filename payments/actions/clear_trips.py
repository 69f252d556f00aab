"""Pay everybody back whose trip was cancelled."""

import structlog
from django.db.models import Q

from bookings.models import Booking, TripStatus
from core.errors import Problem
from payments.actions.after_departure import give_back_cancelled
from payments.actions.cancel import Wish, cancel
from payments.models import RefundReason

log = structlog.get_logger(__name__)

_BATCH = 200
_WISH = Wish(in_full=True, cause=RefundReason.TRIP_CANCELLED, reason="The trip was cancelled.")


def clear_cancelled_trips() -> dict[str, int]:
    """Cancel every booking of a cancelled trip that is still alive, with all of its money back; who was on board when
    it was cancelled gets back what is left, too.

    Each is a transaction of its own, so that a worker that dies leaves the rest for the next one. Returns
    {"cleared": n, "uncleared": n (next time)}.
    """
    counts = {"cleared": 0, "uncleared": 0}
    last = 0
    while batch := _after(last):
        for booking_id in batch:
            try:
                counts["cleared"] += _clear(booking_id)
            except Problem as error:
                log.warning("booking_not_cleared", booking=booking_id, code=error.code, detail=error.detail)
                counts["uncleared"] += 1
            except Exception:  # whatever one booking meets, the others have their turn
                log.exception("booking_not_cleared", booking=booking_id)
                counts["uncleared"] += 1
        last = batch[-1]
    return counts


def _clear(booking_id: int) -> bool:
    if Booking.objects.filter(pk=booking_id, status__in=Booking.OVER).exists():
        return give_back_cancelled(booking_id)
    cancel(booking_id, _WISH)
    return True


def _after(last: int) -> list[int]:
    to_clear = Q(status__in=[*Booking.UNPAID, "confirmed"]) | Q(status__in=Booking.OVER) & ~Q(payment_status="refunded")
    left = Booking.objects.filter(to_clear, trip__status=TripStatus.CANCELLED, id__gt=last)
    return list(left.order_by("id").values_list("id", flat=True)[:_BATCH])
