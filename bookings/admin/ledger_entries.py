from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.admin.display import link, utc
from core.admin.sections import Table
from core.money import Money
from ledger.models import JournalEntry


def ledger_entries(entries: QuerySet[JournalEntry]) -> Table:
    """Entries of the ledger with their lines; in two statements, however many there are."""
    rows: list[tuple[object, ...]] = []
    for entry in entries.order_by("pk").prefetch_related("postings__account"):
        facts: tuple[object, ...] = (
            utc(entry.posted_at),
            entry.get_kind_display(),
            link("ledger_journalentry", entry.pk, entry),
        )
        for posting in entry.postings.all():
            money = Money(abs(posting.amount), entry.currency)
            debit, credit = (money, "") if posting.amount > 0 else ("", money)
            rows.append((*facts, posting.account.code, debit, credit))
            facts = ("", "", "")
    return Table(
        _("ledger"),
        (_("posted at"), _("kind"), _("reference"), _("account"), _("debit"), _("credit")),
        rows,
    )
