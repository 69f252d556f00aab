"""Reads of payments."""

from typing import Any
from uuid import UUID

from bookings.models import Booking
from core.errors import NotFound
from payments.models import Payment


def open_payment(booking: Booking) -> Payment | None:
    """The payment of a booking that may still be paid, if there is one."""
    payment = Payment.objects.filter(booking=booking, status__in=Payment.OPEN).first()
    if payment is not None:
        payment.booking = booking
    return payment


def latest_payment(booking: Booking) -> Payment | None:
    """The payment of a booking that was started last."""
    return Payment.objects.filter(booking=booking).order_by("-created_at").first()


def find_payment(payment_id: UUID, **whose: Any) -> Payment:
    """A payment with its booking, restricted to whose it must be. Raises NotFound."""
    try:
        return Payment.objects.select_related("booking").get(pk=payment_id, **whose)
    except Payment.DoesNotExist:
        raise NotFound("There is no such payment.") from None
