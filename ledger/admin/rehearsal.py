"""What a use case would write into the books: it is run, its entries are read, and all of it is rolled back.

So the preview cannot say anything else than what is done after it; and whatever is refused is refused here first.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core.admin.sections import Table
from core.correlation import correlated
from ledger.admin.entries import lines_of, with_lines
from ledger.models import JournalEntry


def rehearse(use_case: Callable[..., Any], *args: Any, **kwargs: Any) -> Table:
    """The entries that a use case of one transaction would write. Raises what the use case raises."""
    with watching() as written, transaction.atomic():
        inspect.unwrap(use_case)(*args, **kwargs)  # without its own transaction, which would be durable
        table = written()
        transaction.set_rollback(True)
    return table


@contextmanager
def watching() -> Iterator[Callable[[], Table]]:
    """Gives what tells the entries that were written since, by this thread's work."""
    before = JournalEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    with correlated() as correlation_id:
        yield lambda: _table(JournalEntry.objects.filter(pk__gt=before, correlation_id=correlation_id))


def _table(entries: Any) -> Table:
    rows: list[tuple[object, ...]] = []
    for entry in with_lines(entries):
        kind = entry.get_kind_display()
        for account, debit, credit in lines_of(entry):
            rows.append((kind, account, debit or "", credit or ""))
            kind = ""
    return Table(_("what is posted"), (_("kind"), _("account"), _("debit"), _("credit")), rows)
