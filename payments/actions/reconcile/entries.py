"""Ledger entries that are missing of what the states say: that a payment was paid, that a dispute was lost.

Fees, refunds and movements of disputes are posted whenever a gateway tells of them; these are posted when the state
changes, and no later news changes it again.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from core.money import Money
from ledger.models import JournalEntry, Posting
from payments import postings
from payments.actions.reconcile.trial import Step
from payments.gateways.base import Fact, Paid, Settled
from payments.models import DisputeStatus, FindingKind, Payment


def received(payment: Payment) -> Money:
    """What came for a payment that was paid, as the books have it. A page may have been paid in another currency."""
    in_books = JournalEntry.objects.filter(reference=_charge(payment)).values_list("currency", flat=True).first()
    return Money(payment.received_amount, in_books or payment.currency)


def other_fees(payment: Payment, facts: Sequence[Fact]) -> Iterator[tuple[Settled, Money]]:
    """Movements of the charge whose fee the books have otherwise, and how; not those whose fee they lack."""
    movements = [one for one in facts if isinstance(one, Settled) and one.line.source_id == payment.charge_id]
    references = [f"{payment.gateway}:{one.line.transaction_id}:fee" for one in movements]
    posted = Posting.objects.filter(entry__reference__in=references, account__code=postings.FEES)
    rows = posted.values_list("entry__reference", "amount", "entry__currency")
    fees = {reference: Money(amount, currency) for reference, amount, currency in rows}
    for movement, reference in zip(movements, references, strict=True):
        fee = fees.get(reference, movement.line.fee)
        if fee != movement.line.fee:
            yield movement, fee


def missing_entries(payment: Payment, facts: Sequence[Fact]) -> Iterator[Step]:
    """How to write them: of a payment with its refunds and disputes, and what the gateway tells of it."""
    paid = own_charge(payment, facts)
    if paid and paid.received.amount == payment.received_amount and not _is_posted(_charge(payment)):
        # What of it went back by itself was never the booking's. The rest of a replaced refund is a refund as well.
        automatic = [refund for refund in payment.refunds.all() if refund.is_automatic]
        back = min(automatic, key=lambda refund: refund.pk).amount if automatic else 0
        post = partial(postings.charge, payment, paid, back=Money(back, paid.received.currency))
        yield Step(FindingKind.CHARGE_NOT_POSTED, paid.intent_id, post)
    for dispute in payment.disputes.all():
        if dispute.status == DisputeStatus.LOST and postings.not_written_off(payment, dispute):
            post = partial(postings.dispute_lost, payment, dispute)
            yield Step(FindingKind.DISPUTE_NOT_POSTED, dispute.dispute_id, post)


def own_charge(payment: Payment, facts: Sequence[Fact]) -> Paid | None:
    """That the gateway has the money which we hold a payment to be paid with."""
    if not payment.is_paid:
        return None
    return next((one for one in facts if isinstance(one, Paid) and one.intent_id == payment.intent_id), None)


def _charge(payment: Payment) -> str:
    return f"{payment.gateway}:{payment.intent_id}:charge"


def _is_posted(reference: str) -> bool:
    return JournalEntry.objects.filter(reference=reference).exists()
