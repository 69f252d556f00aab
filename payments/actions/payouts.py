"""What the gateway sends to our bank."""

from django.utils import timezone

from core.transactions import in_one_transaction
from payments import postings
from payments.gateways.base import PayoutTold
from payments.locks import lock_event
from payments.models import GatewayEvent, Payout, PayoutStatus
from payments.models.payout import PAYOUT_TRANSITIONS
from payments.nudge import nudge_matching


@in_one_transaction
def note_payout(gateway_name: str, fact: PayoutTold, event: GatewayEvent | None = None) -> Payout:
    """Write down how a payout stands, and that it arrived, or came back; its lines are matched by a job.

    Raises EventTaken.
    """
    if event is not None:
        event = lock_event(event)
    Payout.objects.bulk_create(
        [
            Payout(
                gateway=gateway_name,
                payout_id=fact.payout_id,
                status=PayoutStatus.PENDING,
                amount=fact.amount.amount,
                currency=fact.amount.currency,
                made_at=fact.created_at,
                arrives_at=fact.arrives_at,
            )
        ],
        ignore_conflicts=True,
    )
    payout = Payout.objects.select_for_update(no_key=True).get(gateway=gateway_name, payout_id=fact.payout_id)
    had_arrived = payout.status == PayoutStatus.PAID
    if PAYOUT_TRANSITIONS.allows(payout.status, fact.status):
        payout.become(fact.status)
        if fact.status == PayoutStatus.PAID:
            postings.payout_arrived(gateway_name, fact)
        elif had_arrived:
            postings.payout_arrived(gateway_name, fact, back=True)
    if event is not None:
        event.mark_processed(timezone.now())
        nudge_matching()
    return payout
