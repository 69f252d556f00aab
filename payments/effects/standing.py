"""How a payment and its booking stand, worked out from their refunds and disputes: whatever came first, the same."""

from django.db.models import Q, QuerySet, Sum

from bookings.models import Booking
from payments.models import Payment, Refund, RefundReason, RefundStatus
from payments.queries import disputes_of, going_back


def show(payment: Payment, booking: Booking) -> None:
    """Write down what has become of the money."""
    if not payment.is_paid:
        return
    paid_back = Q(status=RefundStatus.SUCCEEDED)
    payment.show_refunds(_sum(Refund.objects.filter(paid_back, payment=payment)))
    of_booking = going_back(booking)
    refunded = _sum(of_booking.filter(paid_back))
    owed = of_booking.exclude(paid_back).exclude(status=RefundStatus.REPLACED)
    owed = owed.exclude(reason=RefundReason.GATEWAY, status=RefundStatus.FAILED)
    booking.show_money(
        refunded=refunded,
        disputed=any(dispute.is_undecided or dispute.is_lost for dispute in disputes_of(booking)),
        in_full=refunded > 0 and not owed.exists(),
    )


def left(payment: Payment) -> int:
    """What can still be paid back of a payment: minor units received, not on their way back, not withheld by a bank."""
    return max(0, _left_and_owed(payment)[0])


def spare(payment: Payment) -> int:
    """So much of what is left, in minor units, nobody is owed yet: a refund that failed is.

    Negative: so much of what failed refunds owe is not left. It went back another way, whoever says so.
    """
    left, owed = _left_and_owed(payment)
    return left - owed


def _left_and_owed(payment: Payment) -> tuple[int, int]:
    failed = Q(status=RefundStatus.FAILED) & ~Q(reason=RefundReason.GATEWAY)
    sums = payment.refunds.aggregate(
        going_back=Sum("amount", filter=~Q(status__in=Refund.FRUITLESS), default=0),
        owed=Sum("amount", filter=failed, default=0),
    )
    # More than was taken may have come back, as far as we know by now: that is not the payer's.
    withheld = sum(max(0, dispute.withheld) for dispute in payment.disputes.all())
    return payment.received_amount - sums["going_back"] - withheld, sums["owed"]


def _sum(refunds: QuerySet[Refund]) -> int:
    total: int | None = refunds.aggregate(sum=Sum("amount"))["sum"]
    return total or 0
