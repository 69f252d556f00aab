"""Money that went back before anybody said what for, by the gateway's own hand or through a bank, gets its reason."""

from collections.abc import Iterable

from core.actors import current_actor
from ledger.queries import left_of_booking
from payments import postings
from payments.effects import standing
from payments.models import Dispute, Payment, Refund, RefundReason, RefundStatus
from payments.nudge import nudge_refunds


def explain(went_back: Iterable[Refund] | Iterable[Dispute], amount: int) -> int:
    """Say of these, in turn, that so many minor units were for something known. Returns how many there were."""
    explained = 0
    for one in went_back:
        if part := min(amount - explained, one.unexplained_amount):
            one.explain(part)
            explained += part
    return explained


def absorb(disputes: Iterable[Dispute], amount: int) -> None:
    """Say of these, in turn, that so many minor units are gone of what would have been kept."""
    for dispute in disputes:
        if part := min(amount, dispute.unexplained_amount):
            dispute.absorb(part)
            amount -= part


def owe_again(payment: Payment, refund: Refund) -> None:
    """A refund that was made at the gateway came back: what it was for is owed again, what was a courtesy is none.

    Unless the courtesy was counted towards seats that were given up after: then it is one no more.
    """
    accounted = refund.amount if refund.accounted else refund.explained_amount
    if not accounted:
        return
    spent = -left_of_booking(payment.booking.reference, refund.currency).get("platform:goodwill", 0)
    courtesy = min(accounted - refund.explained_amount, max(0, spent))
    postings.owed_again(payment, refund, accounted - courtesy, courtesy=courtesy)
    if owed := accounted - courtesy:
        _request(payment, owed, "The refund that was made at the payment service came back.")


def owe_dispute_again(payment: Payment, dispute: Dispute) -> None:
    """The money of a lost dispute came back although seats were given up for it: the payer is owed it again."""
    if amount := dispute.owed_again:
        dispute.explain(-amount)
        _request(payment, amount, "The bank took back what it had paid through a dispute.")


def _request(payment: Payment, amount: int, note: str) -> None:
    # News is never refused: where so much is not left of the payment, people find a refund that has failed.
    is_left = amount <= standing.spare(payment)
    Refund.objects.create(
        payment=payment,
        amount=amount,
        currency=payment.currency,
        reason=RefundReason.CANCELLED,
        status=RefundStatus.REQUESTED if is_left else RefundStatus.FAILED,
        last_error="" if is_left else "So much is not left of the payment.",
        note=note,
        requested_by=current_actor(),
    )
    nudge_refunds()
