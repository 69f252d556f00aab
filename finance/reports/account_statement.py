"""The postings of one account between two days, with what it came to after each."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from finance.errors import PeriodRefused
from finance.reports.days import start_of, today
from finance.reports.report import Column, Kind, Part, Report, Row, Total
from ledger import statements
from ledger.models import EntryKind
from ledger.queries import end_of

TITLE = _("Account statement")
EXPLANATION = _(
    "Every posting to an account, in the order in which they were written, and its balance after each: debits less"
    " credits."
)
COLUMNS = (
    Column("posted_at", _("posted at"), Kind.TIME),
    Column("effective_at", _("effective at"), Kind.TIME),
    Column("kind", _("kind"), words=dict(EntryKind.choices)),
    Column("reference", pgettext_lazy("of an entry", "reference"), Kind.ENTRY),
    Column("booking", _("booking"), Kind.BOOKING),
    Column("debit", _("debit"), Kind.MONEY, is_sparse=True),
    Column("credit", _("credit"), Kind.MONEY, is_sparse=True),
    Column("balance", _("balance"), Kind.MONEY),
)


def account_statement(
    *,
    account: str,
    currency: str,
    begin: date | None = None,
    end: date | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Report:
    """The account from the first day to the last, both included and by posting date; a balance is debit − credit.

    One statement, whose lines come as they are asked for: there may be millions. With a `limit` only so many after the
    posting `after`, and `next_page` is what the next ones come after. Raises AccountUnknownError, PeriodRefused.
    """
    if begin and end and begin > end:
        raise PeriodRefused(gettext("The first day is later than the last."))
    asked = None if limit is None else limit + 1
    span, lines = statements.read(account, currency, begin=start_of(begin), until=end_of(end), after=after, limit=asked)
    next_page = None
    if limit is not None:
        page = list(lines)
        next_page = page[limit - 1].posting_id if len(page) > limit else None
        lines = islice(page, limit)
    opening = Total("opening", _("Opening balance"), {"balance": span.opening})
    closing = {"debit": span.debits, "credit": span.credits, "balance": span.closing}
    part = Part(
        currency,
        _rows(lines),
        before=[Total("carried", _("Carried forward"), {"balance": span.carried})] if after else [opening],
        after=[] if next_page else [Total("closing", _("Closing balance"), closing)],
    )
    period = {
        "account": account,
        "from": begin.isoformat() if begin else None,
        "to": (end or today()).isoformat(),
    }
    return Report("account_statement", TITLE, period, COLUMNS, [part], next_page=next_page)


def _rows(lines: Iterable[statements.Line]) -> Iterator[Row]:
    for line in lines:
        yield {
            "entry_id": line.entry_id,
            "posted_at": line.posted_at,
            "effective_at": line.effective_at,
            "kind": line.kind,
            "reference": line.reference,
            "booking": line.booking_reference,
            "debit": max(line.amount, 0),
            "credit": max(-line.amount, 0),
            "balance": line.balance,
        }
