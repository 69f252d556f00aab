"""What a use case would write into the books: it is run, its entries are read, and all of it is rolled back.

So the preview cannot say anything else than what is done after it; and whatever is refused is refused here first.
"""

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.admin.ledger_entries import lines_of, with_lines
from bookings.models import Booking
from core.admin.sections import Table
from core.correlation import correlated
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel


class _SeenEnough(Exception):
    """Raised before the commit, so that there is none."""


def rehearse(booking: Booking, use_case: Callable[..., Any], *args: Any, **kwargs: Any) -> Table:
    """The entries about a booking that a use case of one transaction would write. Raises what the use case raises."""
    with correlated() as correlation_id, transaction.atomic():
        inspect.unwrap(use_case)(*args, **kwargs)  # without its own transaction, which would be durable
        table = _entries(booking, correlation_id)
        transaction.set_rollback(True)
    return table


def rehearse_cancellation(booking: Booking, wish: Wish) -> Table:
    """The entries that cancelling seats of a paid booking would write. Raises what `cancel` raises."""
    tables: list[Table] = []
    with correlated() as correlation_id:

        def look(_booking: Booking) -> None:
            tables.append(_entries(booking, correlation_id))
            raise _SeenEnough

        with suppress(_SeenEnough):
            cancel(booking.pk, wish, before_commit=look)
    return tables[0]


def _entries(booking: Booking, correlation_id: str) -> Table:
    written = JournalEntry.objects.filter(booking_reference=booking.reference, correlation_id=correlation_id)
    rows: list[tuple[object, ...]] = []
    for entry in with_lines(written):
        kind = entry.get_kind_display()
        for account, debit, credit in lines_of(entry):
            rows.append((kind, account, debit or "", credit or ""))
            kind = ""
    return Table(_("what is posted"), (_("kind"), _("account"), _("debit"), _("credit")), rows)
