"""Entries as accountants write them, for any page that is about money."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.admin.display import link, utc
from core.admin.sections import Table
from core.money import Money
from ledger.models import JournalEntry

LineCells = tuple[str, Money | None, Money | None]


def with_lines(entries: QuerySet[JournalEntry]) -> list[JournalEntry]:
    """Entries with their lines, the oldest first; in three statements, however many there are."""
    return list(entries.order_by("pk").prefetch_related("postings__account"))


def ledger_entries(entries: Iterable[JournalEntry]) -> Table:
    """Entries of the ledger that come with their lines."""
    rows: list[tuple[object, ...]] = []
    for entry in entries:
        facts: tuple[object, ...] = (
            utc(entry.posted_at),
            entry.get_kind_display(),
            link("ledger_journalentry", entry.pk, entry),
        )
        for account, debit, credit in lines_of(entry):
            rows.append((*facts, account, debit or "", credit or ""))
            facts = ("", "", "")
    return Table(
        _("ledger"),
        (_("posted at"), _("kind"), pgettext_lazy("of an entry", "reference"), _("account"), _("debit"), _("credit")),
        rows,
    )


def lines_of(entry: JournalEntry) -> Iterator[LineCells]:
    """The lines of an entry as an accountant writes them: account, debit, credit."""
    for posting in entry.postings.all():
        money = Money(abs(posting.amount), entry.currency)
        yield (posting.account.code, money, None) if posting.amount > 0 else (posting.account.code, None, money)
