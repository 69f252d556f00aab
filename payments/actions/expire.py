"""End bookings whose hold has ended. Their seats are up for others from that moment anyway; this tidies the states."""

from datetime import datetime
from uuid import UUID

import structlog

from bookings.actions import release
from bookings.locks import lock_booking
from bookings.models import Booking
from core.clock import BerthNow
from core.errors import FieldsInvalid
from core.transactions import in_one_transaction
from payments.actions.abandon import abandon
from payments.actions.sync import sync
from payments.errors import PaymentError
from payments.models import Payment, PaymentStatus

log = structlog.get_logger(__name__)

_BATCH = 500


def expire_ended_holds() -> dict[str, int]:
    """Expire every booking whose hold has ended unpaid; the gateway is asked first where a payment is open.

    Sessions that were left open beside one that was paid are ended too. Returns {"expired": n, "kept": n (paid after
    all), "failed": n (gateway not reached; next time)}.
    """
    counts = {"expired": 0, "kept": 0, "failed": 0}
    _end_left_open()
    last = 0
    while batch := _ended_after(last):
        for booking_id in batch:
            try:
                counts[_end(booking_id)] += 1
            except Exception:  # whatever one booking meets, the others have their turn
                log.exception("hold_not_ended", booking=booking_id)
                counts["failed"] += 1
        last = batch[-1]
    return counts


def _ended_after(last_id: int) -> list[int]:
    ended = Booking.objects.filter(status__in=Booking.UNPAID, expires_at__lte=BerthNow(), id__gt=last_id)
    return list(ended.order_by("id").values_list("id", flat=True)[:_BATCH])


def _end_left_open() -> None:
    last: tuple[datetime, UUID] | None = None
    while batch := _left_open_after(last):
        for _started_at, payment_id in batch:
            try:
                _abandon(payment_id)
            except Exception:  # nor is any booking held up by it
                log.exception("payment_not_ended", payment=str(payment_id))
        last = batch[-1]


def _left_open_after(last: tuple[datetime, UUID] | None) -> list[tuple[datetime, UUID]]:
    left = Payment.objects.filter(status__in=(PaymentStatus.PENDING, PaymentStatus.FAILED))
    left = left.exclude(booking__status__in=Booking.UNPAID).order_by("created_at", "id")
    if last:
        left = left.filter(created_at__gte=last[0]).exclude(created_at=last[0], id__lte=last[1])
    return list(left.values_list("created_at", "id")[:_BATCH])


def _end(booking_id: int) -> str:
    payment = Payment.objects.filter(booking_id=booking_id, status__in=Payment.OPEN).first()
    if payment is not None and not _abandon(payment.pk):
        return "failed"
    return "expired" if _expire(booking_id) else "kept"


def _abandon(payment_id: UUID) -> bool:
    """End a payment, or learn that it was paid. False if the gateway was not reached."""
    try:
        if abandon(payment_id).status == PaymentStatus.PROCESSING:
            sync(payment_id)
    except (PaymentError, FieldsInvalid) as error:  # it does not answer, or is not offered any more
        log.warning("payment_not_ended", payment=str(payment_id), code=error.code)
        return False
    return True


@in_one_transaction
def _expire(booking_id: int) -> bool:
    booking, now = lock_booking(booking_id)
    release.expire(booking, now)
    return booking.status == "expired"
