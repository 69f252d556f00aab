"""What is owed back of a booking's money becomes refunds of its payments."""

from bookings.models import Booking
from core.actors import current_actor
from payments.effects import standing
from payments.models import Refund, RefundReason
from payments.nudge import nudge_refunds
from payments.queries import paying


def owe(booking: Booking, amount: int, *, reason: RefundReason, note: str) -> None:
    """Request refunds of so many minor units, of the payments that the booking lives on, the oldest first."""
    for payment in paying(booking):
        if (part := min(amount, standing.spare(payment))) > 0:
            Refund.objects.create(
                payment=payment,
                amount=part,
                currency=payment.currency,
                reason=reason,
                note=note[:300],
                requested_by=current_actor(),
            )
            amount -= part
        payment.booking = booking
        standing.show(payment, booking)
    nudge_refunds()
