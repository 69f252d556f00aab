"""Release what settlements held back as a reserve."""

from datetime import date

from django.utils import timezone

from core.transactions import in_one_transaction
from finance import postings
from finance.actions.draft import lock_operator
from finance.models import Settlement, SettlementStatus


@in_one_transaction
def release_reserves(operator_id: int, month: date) -> int:
    """Owe an operator again what settlements held back long enough before this month; returns of how many."""
    operator = lock_operator(operator_id)
    held = Settlement.objects.filter(
        operator=operator,
        reserve_until__lte=month,
        status__in=[SettlementStatus.APPROVED, SettlementStatus.PAID],
        reserve_amount__gt=0,
        reserve_released_at=None,
    )
    released = 0
    for settlement in held.order_by("month"):
        settlement.reserve_released_at = timezone.now()
        settlement.save(update_fields=["reserve_released_at"])
        postings.reserve_released(settlement)
        released += 1
    return released
