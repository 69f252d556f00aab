"""The figures of the finance home: what stands on the accounts now, and what moved month by month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from django.db import connection

from finance.months import month_after, months_later
from finance.reports.days import months, start_of
from ledger.models import Account

MONTHS = 12
# What each account had been debited and credited as each month began, and by now. A month is the difference of two of
# them, so it costs the same however much was posted in it.
_TURNOVERS = """
SELECT account.code, array_agg(coalesce(turnover.debits, 0) ORDER BY boundary.position),
       array_agg(coalesce(turnover.credits, 0) ORDER BY boundary.position)
  FROM ledger_account account
 CROSS JOIN unnest(%(boundaries)s::timestamptz[]) WITH ORDINALITY AS boundary (moment, position)
  LEFT JOIN LATERAL ledger_turnover(account.id, boundary.moment) turnover ON true
 WHERE account.currency = %(currency)s
 GROUP BY account.id
 ORDER BY account.code
"""
_OF_SALE = ("travellers:unearned", "tax:payable", "platform:booking_fees")
_FEES = ("platform:gateway_fees", "platform:dispute_fees")


class Month(NamedTuple):
    """What a month did to an account, and what stood on it at its end; minor units, balance = debit − credit."""

    debited: int
    credited: int
    balance: int


@dataclass(frozen=True)
class Figures:
    """Of one currency, in minor units: for each of `months`, and what stands on each account now (debit − credit)."""

    currency: str
    months: Sequence[date]
    balances: Mapping[str, int]
    sold: Sequence[int]
    given_back: Sequence[int]
    fees: Sequence[int]
    unearned: Sequence[int]
    earned_by: Mapping[str, Sequence[int]]  # by the operator's code


def currencies() -> list[str]:
    """Those that there are accounts in."""
    return list(Account.objects.order_by("currency").values_list("currency", flat=True).distinct())


def figures(currency: str, today: date) -> Figures:
    """The twelve months up to this day, by UTC and by posting date; one statement."""
    last = today.replace(day=1)
    wanted = list(months(months_later(last, 1 - MONTHS), last))
    moved = _moved(currency, [*wanted, month_after(last)])
    nothing = [Month(0, 0, 0)] * len(wanted)

    def over(codes: Sequence[str]) -> list[list[Month]]:
        return [list(of_month) for of_month in zip(*(moved.get(code, nothing) for code in codes), strict=True)]

    return Figures(
        currency=currency,
        months=wanted,
        balances={code: of_account[-1].balance for code, of_account in moved.items()},
        sold=[sum(one.credited for one in of_month) for of_month in over(_OF_SALE)],
        given_back=[one.credited for (one,) in over(["refunds:payable"])],
        fees=[sum(one.debited - one.credited for one in of_month) for of_month in over(_FEES)],
        unearned=[-one.balance for (one,) in over(["travellers:unearned"])],
        earned_by={
            code.split(":")[1]: [one.credited for one in of_account]
            for code, of_account in moved.items()
            if code.startswith("operator:") and code.endswith(":payable")
        },
    )


def _moved(currency: str, boundaries: Sequence[date]) -> Mapping[str, list[Month]]:
    with connection.cursor() as cursor:
        cursor.execute(_TURNOVERS, {"boundaries": [start_of(day) for day in boundaries], "currency": currency})
        found: list[tuple[str, list[int], list[int]]] = cursor.fetchall()
    moved: dict[str, list[Month]] = defaultdict(list)
    for code, debits, credits_ in found:
        stood = list(zip(debits, credits_, strict=True))
        for (debited, credited), (debited_by, credited_by) in pairwise(stood):
            moved[code].append(Month(debited_by - debited, credited_by - credited, debited_by - credited_by))
    return moved
