"""What the books say. Amounts are minor units, debit − credit; every function reads in one statement."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple, TypedDict

from django.db import connection
from django.db.models import BigIntegerField, Func, Sum
from django.utils import timezone

from ledger.chart import kind_of
from ledger.models import Account, JournalEntry, Period, PeriodStatus, Posting


class AccountLine(TypedDict):
    """An account in a trial balance: all its debits, all its credits (not negative), and their difference."""

    code: str
    kind: str
    debit: int
    credit: int
    balance: int


class CurrencyBalance(TypedDict):
    """The accounts of one currency, by code; the totals agree."""

    accounts: list[AccountLine]
    total_debit: int
    total_credit: int


class TrialBalance(TypedDict):
    """All accounts with postings up to the end of a day (ISO 8601, UTC)."""

    at: str
    currencies: dict[str, CurrencyBalance]


# The balance of an account, in an expression about Account: its newest checkpoint and the postings after it.
ACCOUNT_BALANCE = Func("pk", function="ledger_balance", output_field=BigIntegerField())

# An account that had no postings by then has no turnover, and no row.
_TURNOVERS = """
SELECT account.currency, account.code, account.kind, turnover.debits, turnover.credits
  FROM ledger_account account CROSS JOIN LATERAL ledger_turnover(account.id, %(until)s::timestamptz) turnover
 WHERE turnover.debits IS NOT NULL AND (%(currency)s::text IS NULL OR account.currency = %(currency)s)
 ORDER BY account.currency, account.code
"""

# What each account had been debited and credited as each of the moments came. What a time between two of them did is
# the difference, and costs the same however much was posted in it.
_STOOD = """
SELECT account.currency, account.kind, account.code,
       array_agg(coalesce(turnover.debits, 0) ORDER BY boundary.position),
       array_agg(coalesce(turnover.credits, 0) ORDER BY boundary.position)
  FROM ledger_account account
 CROSS JOIN unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS boundary (moment, position)
  LEFT JOIN LATERAL ledger_turnover(account.id, boundary.moment) turnover ON true
 WHERE (%(currency)s::text IS NULL OR account.currency = %(currency)s)
   AND (%(kinds)s::text[] IS NULL OR account.kind = ANY(%(kinds)s))
 GROUP BY account.id
 ORDER BY account.currency, account.kind DESC, account.code
"""


class Moved(NamedTuple):
    """What a time did to an account, and its balance at the end; minor units."""

    debited: int
    credited: int
    balance: int


class AccountMoved(NamedTuple):
    """An account, and what each of some times after each other did to it."""

    currency: str
    kind: str
    code: str
    times: list[Moved]


def balance(code: str, currency: str) -> int:
    """The balance of an account, 0 if nothing was ever posted. Raises AccountUnknownError for a code off the chart."""
    kind_of(code)
    return Account.objects.filter(code=code, currency=currency).values_list(ACCOUNT_BALANCE, flat=True).first() or 0


def balances(currency: str | None = None) -> dict[tuple[str, str], int]:
    """The balance of every account, by (code, currency)."""
    accounts = Account.objects.filter(currency=currency) if currency else Account.objects.all()
    return {(code, of): amount for code, of, amount in accounts.values_list("code", "currency", ACCOUNT_BALANCE)}


def trial_balance(at: date | None = None, currency: str | None = None) -> TrialBalance:
    """Debits and credits of every account, posted up to the end of that day by UTC; without a day, up to now."""
    currencies: dict[str, CurrencyBalance] = {}
    for of, code, kind, debit, credit in _turnovers(end_of(at), currency):
        books = currencies.setdefault(of, {"accounts": [], "total_debit": 0, "total_credit": 0})
        books["accounts"].append(
            {"code": code, "kind": kind, "debit": debit, "credit": credit, "balance": debit - credit}
        )
        books["total_debit"] += debit
        books["total_credit"] += credit
    return {"at": (at or timezone.now().astimezone(UTC).date()).isoformat(), "currencies": currencies}


def moved_between(
    moments: list[str], *, currency: str | None = None, kinds: list[str] | None = None
) -> list[AccountMoved]:
    """What was posted from each of these moments (as `end_of` tells them) to the next, of every account."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, {"moments": moments, "currency": currency, "kinds": kinds})
        found: list[tuple[str, str, str, list[int], list[int]]] = cursor.fetchall()
    return [
        AccountMoved(of, kind, code, [_moved(*one) for one in pairwise(zip(*stood, strict=True))])
        for of, kind, code, *stood in found
    ]


def _moved(before: tuple[int, int], after: tuple[int, int]) -> Moved:
    return Moved(after[0] - before[0], after[1] - before[1], balance=after[0] - after[1])


def end_of(day: date | None) -> str:
    """The first moment, by UTC, that is later than that day, as PostgreSQL reads it; without a day there is none."""
    if day is None or day == date.max:
        return "infinity"
    return datetime.combine(day + timedelta(days=1), time.min, UTC).isoformat()


def _turnovers(until: str, currency: str | None) -> list[tuple[str, str, str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_TURNOVERS, {"until": until, "currency": currency})
        found: list[tuple[str, str, str, int, int]] = cursor.fetchall()
    return found


def debits(references: Iterable[str]) -> dict[str, int]:
    """What the entries of these references, all of one currency, did to each account: debits less credits."""
    of_entries = Posting.objects.filter(entry__reference__in=list(references))
    return dict(of_entries.order_by().values_list("account__code").annotate(sum=Sum("amount")))


def left_of_booking(booking_reference: str, currency: str) -> dict[str, int]:
    """What each account still holds for a booking: credits less debits of its entries, minor units.

    What people wrote by hand only names a booking, and moves nothing of it.
    """
    of_booking = Posting.objects.filter(
        entry__booking_reference=booking_reference, entry__currency=currency, entry__reference__isnull=False
    )
    sums = of_booking.order_by().values_list("account__code").annotate(held=-Sum("amount"))
    return dict(sums)


def months_to_close(today: date) -> list[date]:
    """The months by UTC, each named by its first day, that have ended, are open, and not before the first entry."""
    first = JournalEntry.objects.order_by("pk").values_list("period", flat=True).first()
    if first is None:
        return []
    closed = set(Period.objects.filter(status=PeriodStatus.CLOSED).values_list("month", flat=True))
    months = range(first.year * 12 + first.month - 1, today.year * 12 + today.month - 1)
    named = (date(number // 12, number % 12 + 1, 1) for number in months)
    return [month for month in named if month not in closed]
