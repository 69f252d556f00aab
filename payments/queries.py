"""Reads of payments."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from bookings.models import Booking
from core.errors import NotFound
from payments.gateways.base import Report
from payments.models import Dispute, Payment, Refund, RefundReason, RefundStatus


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


def paying(booking: Booking) -> list[Payment]:
    """The payments that the booking lives on, the oldest first; not those that went back by themselves."""
    return list(_paying(booking))


def unexplained(booking: Booking) -> list[Refund]:
    """Refunds of the booking's money that were made at the gateway, as far as nobody has said what for."""
    made_there = going_back(booking).filter(reason=RefundReason.GATEWAY, accounted=False)
    return list(made_there.exclude(status=RefundStatus.FAILED).order_by("pk"))


def disputes_of(booking: Booking) -> list[Dispute]:
    """The disputes about the booking's money, the oldest first."""
    return list(Dispute.objects.filter(payment__in=_paying(booking)).order_by("pk"))


def going_back(booking: Booking) -> QuerySet[Refund]:
    """What goes back of the booking's money, or did: not what was never the booking's."""
    return Refund.objects.filter(payment__in=_paying(booking)).exclude(reason__in=Refund.AUTOMATIC)


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


def _paying(booking: Booking) -> QuerySet[Payment]:
    paid = Payment.objects.filter(booking=booking, succeeded_at__isnull=False)
    by_themselves = Refund.objects.filter(payment__booking=booking, reason__in=Refund.AUTOMATIC)
    given_back = by_themselves.exclude(reason=RefundReason.OVERPAID)
    return paid.exclude(pk__in=given_back.values("payment_id")).order_by("succeeded_at")
