"""Reads of payments."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from bookings.models import Booking
from core.errors import NotFound
from payments.gateways.base import Report
from payments.models import Payment, Refund


def open_payment(booking: Booking) -> Payment | None:
    """The payment of a booking that may still be paid, if there is one."""
    payment = Payment.objects.filter(booking=booking, status__in=Payment.OPEN).first()
    if payment is not None:
        payment.booking = booking
    return payment


def find_payment(payment_id: UUID, **whose: Any) -> Payment:
    """A payment with its booking, restricted to whose it must be. Raises NotFound."""
    try:
        return Payment.objects.select_related("booking").get(pk=payment_id, **whose)
    except Payment.DoesNotExist:
        raise NotFound("There is no such payment.") from None


def find_refund(refund_id: int) -> Refund:
    """A refund with its payment and booking. Raises NotFound."""
    try:
        return Refund.objects.select_related("payment__booking").get(pk=refund_id)
    except Refund.DoesNotExist:
        raise NotFound("There is no such refund.") from None


def payment_of(gateway_name: str, report: Report) -> Payment | None:
    """The payment that a report is about; None for money that is not of our making.

    By the gateway's own id of the money first: a page that was paid twice has two payments under one id of ours.
    """
    named = Q(pk=report.payment_id) if report.payment_id else Q()
    for field in ("session_id", "intent_id", "charge_id"):
        if value := getattr(report, field):
            named |= Q(**{field: value})
    if not named:
        return None
    found = list(Payment.objects.select_related("booking").filter(named, gateway=gateway_name))
    return max(found, key=lambda payment: payment.intent_id == report.intent_id, default=None)
