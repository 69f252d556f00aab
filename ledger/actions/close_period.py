"""Close a month: from then on its figures stay as they are."""

from datetime import UTC, date

from django.utils import timezone

from core.transactions import in_one_transaction
from ledger import gate
from ledger.errors import PeriodNotOverError
from ledger.models import Period


@in_one_transaction
def close_period(month: date, *, reason: str = "") -> Period:
    """Close the month, by UTC, that has this day.

    Raises PeriodNotOverError; InvalidState if it is closed; LedgerBusyError if entries are in flight.
    """
    month = month.replace(day=1)
    if month >= timezone.now().astimezone(UTC).date().replace(day=1):
        raise PeriodNotOverError
    gate.enter_alone()
    period, _created = Period.objects.get_or_create(month=month)
    period.close(reason=reason)
    return period
