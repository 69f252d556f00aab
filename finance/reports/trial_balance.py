"""Every account with all that was debited and credited."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from finance.reports.report import Column, Kind, Part, Report, Total
from ledger import queries
from ledger.models import AccountKind

TITLE = _("Trial balance")
EXPLANATION = _(
    "All that was debited and credited to each account since the first entry. The two totals agree. A balance is debits"
    " less credits: what is owed, and what was earned, stands there as a negative one."
)
COLUMNS = (
    Column("code", _("account"), Kind.ACCOUNT),
    Column("kind", _("kind"), words=dict(AccountKind.choices)),
    Column("debit", _("debit"), Kind.MONEY, is_sparse=True),
    Column("credit", _("credit"), Kind.MONEY, is_sparse=True),
    Column("balance", _("balance"), Kind.MONEY),
)


def trial_balance(*, at: date | None = None, currency: str | None = None) -> Report:
    """The books at the end of a day, or now; a balance is debit − credit. One statement."""
    books = queries.trial_balance(at, currency)
    parts = [
        Part(
            of,
            [dict(account) for account in found["accounts"]],
            after=[_total(found["total_debit"], found["total_credit"])],
        )
        for of, found in books["currencies"].items()
    ]
    return Report("trial_balance", TITLE, {"at": books["at"]}, COLUMNS, parts)


def _total(debit: int, credit: int) -> Total:
    return Total("total", _("Total"), {"debit": debit, "credit": credit, "balance": debit - credit})
