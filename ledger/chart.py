"""The chart of accounts: every account that may exist, one set per currency. Accounts are opened by the first entry."""

import re

from ledger.errors import AccountUnknownError
from ledger.models import AccountKind

_CHART = {
    "bank": AccountKind.ASSET,
    "cash:{desk}": AccountKind.ASSET,
    "gateway:{gateway}:clearing": AccountKind.ASSET,
    "gateway:{gateway}:disputed": AccountKind.ASSET,
    "gateway:{gateway}:in_transit": AccountKind.ASSET,
    "travellers:unearned": AccountKind.LIABILITY,
    "refunds:payable": AccountKind.LIABILITY,
    "tax:payable": AccountKind.LIABILITY,
    "tax:commission": AccountKind.LIABILITY,
    "operator:{operator}:payable": AccountKind.LIABILITY,
    "operator:{operator}:due": AccountKind.LIABILITY,
    "operator:{operator}:reserve": AccountKind.LIABILITY,
    "platform:booking_fees": AccountKind.INCOME,
    "platform:commission": AccountKind.INCOME,
    "platform:bad_debts": AccountKind.EXPENSE,
    "platform:cash_differences": AccountKind.EXPENSE,
    "platform:chargeback_losses": AccountKind.EXPENSE,
    "platform:dispute_fees": AccountKind.EXPENSE,
    "platform:gateway_fees": AccountKind.EXPENSE,
    "platform:goodwill": AccountKind.EXPENSE,
    "fx:{currency}": AccountKind.CLEARING,
    "suspense": AccountKind.CLEARING,
}
_PATTERNS = [(re.compile(re.sub(r"\{\w+\}", r"[A-Za-z0-9_-]{1,40}", code)), kind) for code, kind in _CHART.items()]


def kind_of(code: str) -> AccountKind:
    """What an account of this code is. Raises AccountUnknownError if the chart has no such code."""
    for pattern, kind in _PATTERNS:
        if pattern.fullmatch(code):
            return kind
    raise AccountUnknownError(f"The chart of accounts has no {code!r}.")
