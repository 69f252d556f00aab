"""The proof that the books agree with themselves, with bookings, payments and settlements, and with the gateways.

One module a subject, one function a check. They are registered in the order of these imports, from the ledger upwards.
"""

# isort: off
from finance.checks import (
    ledger,
    histories,
    bookings,
    earnings,
    shares,
    payments,
    refunds,
    balances,
    settlements,
    gateways,
)
# isort: on

__all__ = [
    "balances", "bookings", "earnings", "gateways", "histories",
    "ledger", "payments", "refunds", "settlements", "shares",
]  # fmt: skip
