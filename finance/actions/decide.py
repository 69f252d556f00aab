"""What becomes of a settlement: approved by one person, paid by another, returned by the bank, or void."""

from django.utils import timezone

from core import outbox
from core.actors import current_actor
from core.errors import InvalidState, NotFound, invalid
from core.money import Money
from core.transactions import in_one_transaction
from finance import postings
from finance.actions.draft import fill, lock_operator
from finance.errors import EarlierDraft, SamePerson, SettlementChanged
from finance.models import Settlement, SettlementLine, SettlementStatus


@in_one_transaction
def approve(settlement_id: int, *, total: Money, due: Money, reason: str = "") -> Settlement:
    """Owe the operator what a draft comes to, if that is still what was looked at: its `total`, and what is `due`.

    Raises SettlementChanged with what they are now, EarlierDraft, InvalidState if it is no draft.
    """
    settlement = _lock(settlement_id, SettlementStatus.DRAFT)
    earlier = Settlement.objects.filter(
        operator=settlement.operator, currency=settlement.currency, month__lt=settlement.month
    )
    if earlier.filter(status=SettlementStatus.DRAFT).exists():
        raise EarlierDraft
    fill(settlement, settlement.operator)
    if (settlement.total, settlement.due) != (total, due):
        raise SettlementChanged(total=settlement.total.to_json(), due=settlement.due.to_json())
    settlement.approve(by=current_actor(), at=timezone.now(), reason=reason)
    postings.approved(settlement)
    if settlement.operator.statement_email:
        outbox.enqueue("settlement.approved", str(settlement.pk), {"settlement": settlement.pk})
    return settlement


@in_one_transaction
def pay(settlement_id: int, *, transfer: str) -> Settlement:
    """It was transferred from our bank; `transfer` names how the bank knows it.

    Raises SamePerson for who approved it, InvalidState unless it is approved and anything is due, FieldsInvalid.
    """
    settlement = _lock(settlement_id, SettlementStatus.APPROVED)
    if not settlement.due:
        raise InvalidState("Nothing is due.", state=settlement.status)
    if settlement.approved_by == current_actor():
        raise SamePerson
    if not transfer.strip():
        raise invalid("transfer", "required", "Name the transfer.")
    if Settlement.objects.filter(status=SettlementStatus.PAID, transfer=transfer.strip()[:140]).exists():
        raise invalid("transfer", "taken", "This transfer has paid another settlement.")
    settlement.pay(by=current_actor(), at=timezone.now(), transfer=transfer.strip()[:140])
    postings.paid(settlement)
    return settlement


@in_one_transaction
def give_back(settlement_id: int, *, reason: str) -> Settlement:
    """The operator's bank sent it back: all that it settled is unsettled again, and next time settled anew.

    Raises SamePerson for who paid it, InvalidState if it is not paid, or if its reserve was released meanwhile.
    """
    settlement = _lock(settlement_id, SettlementStatus.PAID)
    if settlement.paid_by == current_actor():
        raise SamePerson
    if settlement.reserve_released_at:
        raise InvalidState("Its reserve was released: pay it again from the bank.", state=settlement.status)
    settlement.give_back(reason=reason)
    settlement.lines.update(live=False)
    postings.returned(settlement)
    postings.reopened(settlement)
    return settlement


@in_one_transaction
def void(settlement_id: int, *, reason: str) -> Settlement:
    """It was made, or approved, in error: all that it would have settled is unsettled again.

    Raises InvalidState if it was paid, if its reserve was released, or if a later one has taken its debt.
    """
    settlement = _lock(settlement_id, SettlementStatus.DRAFT, SettlementStatus.APPROVED)
    was_approved = settlement.status == SettlementStatus.APPROVED
    if settlement.reserve_released_at:
        raise InvalidState("Its reserve was released: it stays.", state=settlement.status)
    if later := SettlementLine.objects.filter(carried_from=settlement, live=True).first():
        raise InvalidState(f"Its debt was brought forward by {later.settlement}.", state=settlement.status)
    settlement.void(reason=reason)
    settlement.lines.update(live=False)
    if was_approved:
        postings.reopened(settlement)
    return settlement


def _lock(settlement_id: int, *statuses: SettlementStatus) -> Settlement:
    """The settlement, with all others of its operator. Raises NotFound; InvalidState if it has another status."""
    operator_id = Settlement.objects.filter(pk=settlement_id).values_list("operator_id", flat=True).first()
    if operator_id is None:
        raise NotFound("There is no such settlement.")
    operator = lock_operator(operator_id)
    settlement = Settlement.objects.get(pk=settlement_id)
    settlement.operator = operator
    if settlement.status not in statuses:
        raise InvalidState(f"The settlement is {settlement.status}.", state=settlement.status)
    return settlement
