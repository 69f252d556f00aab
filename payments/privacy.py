"""Of a person: what they paid, and what went back."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from bookings.privacy import bookings_of
from core.privacy import Person, forgets, hinders, tells
from payments.actions.forget import forget_payers
from payments.models import Dispute, Payment, PaymentStatus, Refund


@tells("payments")
def payments(person: Person) -> list[dict[str, Any]]:
    """Each with the refunds made of it. The card is known to the gateway alone."""
    paid = Payment.objects.filter(booking__in=bookings_of(person)).select_related("booking")
    return [
        {
            "id": str(payment.pk),
            "booking": payment.booking.reference,
            "gateway": payment.gateway,
            "status": payment.status,
            "amount": payment.money.to_json(),
            "started_at": payment.created_at.isoformat(),
            "paid_at": payment.succeeded_at.isoformat() if payment.succeeded_at else None,
            "refunds": [
                {
                    "status": refund.status,
                    "amount": refund.money.to_json(),
                    "requested_at": refund.created_at.isoformat(),
                    "paid_at": refund.succeeded_at.isoformat() if refund.succeeded_at else None,
                }
                for refund in payment.refunds.all()
            ],
        }
        for payment in paid.prefetch_related("refunds").order_by("created_at")
    ]


@hinders
def money_under_way(person: Person) -> str:
    """Whoever is owed money must be found, and so must whoever a bank asks about."""
    bookings = bookings_of(person)
    refunds = Refund.objects.filter(payment__booking__in=bookings)
    owed = refunds.filter(Q(status__in=Refund.UNDER_WAY) | Q(status="failed", paid_by_hand=False))
    disputed = Dispute.objects.filter(Dispute.UNDECIDED, payment__booking__in=bookings)
    processing = Payment.objects.filter(booking__in=bookings, status=PaymentStatus.PROCESSING)
    if owed.exists() or disputed.exists() or processing.exists():
        return _("Money is still under way: a payment, a refund or a dispute. Wait until it is settled.")
    return ""


@forgets
def forget_payments(person: Person) -> None:
    """Who paid. To be done before the bookings forget whose they are."""
    forget_payers(bookings_of(person))
