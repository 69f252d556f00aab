"""What the gateway's news of a dispute changes: the books and the dispute, and never a booking's seats or state."""

from datetime import datetime

from bookings.actions.complete import complete
from bookings.models import Booking
from payments import postings
from payments.effects import explaining, standing
from payments.gateways.base import DisputeTold
from payments.models import Dispute, DisputeStatus, Payment
from payments.models.dispute import DISPUTE_TRANSITIONS


def told(fact: DisputeTold, payment: Payment, booking: Booking, now: datetime) -> None:
    """A dispute stands so at the gateway. Older news change nothing."""
    dispute, _new = Dispute.objects.get_or_create(
        gateway=payment.gateway,
        dispute_id=fact.dispute_id,
        defaults={
            "payment": payment,
            "status": fact.status if fact.status != DisputeStatus.LOST else DisputeStatus.UNDER_REVIEW,
            "reason": fact.reason[:60],
            "amount": fact.amount.amount,
            "currency": fact.amount.currency,
        },
    )
    for movement in fact.settled:
        postings.dispute_moved(payment, movement)
    dispute.note(
        movements={one.line.transaction_id: one.of.amount for one in fact.settled if one.of},
        respond_by=fact.respond_by,
    )
    if DISPUTE_TRANSITIONS.allows(dispute.status, fact.status):
        dispute.become(fact.status)
    if dispute.status == DisputeStatus.LOST:
        if postings.not_written_off(payment, dispute):
            complete(booking, now)  # after departure somebody else bears it, whether a job has looked or not
        postings.dispute_lost(payment, dispute)
        explaining.owe_dispute_again(payment, dispute)
    standing.show(payment, booking)
