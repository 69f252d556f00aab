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
# Where people may write by hand. The others are proved by something: a gateway's balance, bookings, settlements.
_BY_HAND = (
    "bank",
    "cash:{desk}",
    "tax:payable",
    "tax:commission",
    "operator:{operator}:payable",
    "fx:{currency}",
    *(code for code in _CHART if code.startswith("platform:")),
)


def _pattern(code: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", r"[A-Za-z0-9_-]{1,40}", code))


_PATTERNS = [(_pattern(code), kind) for code, kind in _CHART.items()]
_HAND_PATTERNS = [_pattern(code) for code in _BY_HAND]
# Those that stand for one account each.
PLAIN_BY_HAND = tuple(sorted(code for code in _BY_HAND if "{" not in code))


def kind_of(code: str) -> AccountKind:
    """What an account of this code is. Raises AccountUnknownError if the chart has no such code."""
    for pattern, kind in _PATTERNS:
        if pattern.fullmatch(code):
            return kind
    raise AccountUnknownError(f"The chart of accounts has no {code!r}.")


def is_kept_by_hand(code: str) -> bool:
    """Whether people may write on an account of this code."""
    return any(pattern.fullmatch(code) for pattern in _HAND_PATTERNS)
