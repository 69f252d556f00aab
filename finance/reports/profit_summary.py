"""What was earned and what it cost, month by month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from finance.errors import PeriodRefused
from finance.months import month_after, months_later
from finance.reports.days import months, start_of, today
from finance.reports.report import Column, Kind, Part, Report, Row, Total
from ledger.models import AccountKind
from ledger.queries import end_of, moved_between

TITLE = _("Profit summary")
EXPLANATION = _("Income and expense by month of posting, and what is left. An expense is positive where it cost money.")
MOST_MONTHS = 60  # a column each
_TOTALS = ((AccountKind.INCOME, _("Total income")), (AccountKind.EXPENSE, _("Total expense")))


def profit_summary(*, begin: date | None = None, end: date | None = None, currency: str | None = None) -> Report:
    """Income and expense from the first day to the last, both included and by posting date; one statement.

    Without a first day it is twelve months; without a last one, up to now. Months at the ends may be parts of months.
    Raises PeriodRefused.
    """
    last = end or max(today(), begin or today())
    first = begin or months_later(last, -11)
    wanted = _months(first, last)
    keys = [f"{month:%Y-%m}" for month in wanted]
    moments = [start_of(max(month, first)) for month in wanted]
    moments.append(end_of(end) if end else start_of(month_after(last)))
    rows: dict[str, list[Row]] = defaultdict(list)
    kinds = [str(kind) for kind, _title in _TOTALS]
    for account in moved_between(moments, currency=currency, kinds=kinds):
        sign = AccountKind(account.kind).normal_sign
        moved = [sign * (month.debited - month.credited) for month in account.times]
        if any(moved):
            by_month = dict(zip(keys, moved, strict=True))
            rows[account.currency].append(
                {"account": account.code, "kind": account.kind, **by_month, "total": sum(moved)}
            )
    columns = (
        Column("account", _("account"), Kind.ACCOUNT),
        Column("kind", _("kind"), words=dict(AccountKind.choices)),
        *(Column(key, key, Kind.MONEY, is_sparse=True) for key in keys),
        Column("total", _("total"), Kind.MONEY),
    )
    parts = [Part(of, lines, after=_totals(lines, [*keys, "total"])) for of, lines in rows.items()]
    period = {"from": first.isoformat(), "to": last.isoformat()}
    return Report("profit_summary", TITLE, period, columns, parts)


def _months(first: date, last: date) -> list[date]:
    if first > last:
        raise PeriodRefused(gettext("The first day is later than the last."))
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise PeriodRefused(gettext("That is more than %(count)d months.") % {"count": MOST_MONTHS})
    return list(months(first, last))


def _totals(rows: Sequence[Row], keys: Sequence[str]) -> list[Total]:
    def total(kind: str) -> Mapping[str, int]:
        return {key: sum(row[key] for row in rows if row["kind"] == kind) for key in keys}

    sums = {kind: total(kind) for kind, _title in _TOTALS}
    income, expense = sums[AccountKind.INCOME], sums[AccountKind.EXPENSE]
    result = {key: income[key] - expense[key] for key in keys}
    return [
        *(Total(str(kind), title, sums[kind]) for kind, title in _TOTALS),
        Total("result", _("Result"), result),
    ]
