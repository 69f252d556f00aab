"""Money that went back before anybody said what for, by the gateway's own hand or through a bank, gets its reason."""

from collections.abc import Iterable

from core.actors import current_actor
from payments import postings
from payments.models import Dispute, Payment, Refund, RefundReason
from payments.nudge import nudge_refunds


def explain(went_back: Iterable[Refund] | Iterable[Dispute], amount: int) -> int:
    """Say of these, in turn, that so many minor units were for something known. Returns how many there were."""
    explained = 0
    for one in went_back:
        if part := min(amount - explained, one.unexplained_amount):
            one.explain(part)
            explained += part
    return explained


def owe_again(payment: Payment, refund: Refund) -> None:
    """A refund that was made at the gateway came back: what it was for is owed again, what was a courtesy is none."""
    if not refund.accounted and not refund.explained_amount:
        return
    postings.owed_again(payment, refund)
    if refund.explained_amount:
        Refund.objects.create(
            payment=payment,
            amount=refund.explained_amount,
            currency=refund.currency,
            reason=RefundReason.CANCELLED,
            note="The refund that was made at the payment service came back.",
            requested_by=current_actor(),
        )
        nudge_refunds()
