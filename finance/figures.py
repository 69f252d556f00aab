"""The figures of the finance home: what stands on the accounts now, and what moved month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from finance.months import month_after, months_later
from finance.reports.days import months, start_of
from ledger.models import Account
from ledger.queries import Moved, moved_between

MONTHS = 12
_OF_SALE = ("travellers:unearned", "tax:payable", "platform:booking_fees")
_FEES = ("platform:gateway_fees", "platform:dispute_fees")


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
    moments = [start_of(month) for month in (*wanted, month_after(last))]
    moved = {account.code: account.times for account in moved_between(moments, currency=currency)}
    nothing = [Moved(0, 0, 0)] * len(wanted)

    def over(codes: Sequence[str]) -> list[list[Moved]]:
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
