"""What to do to each of the small worlds so that one invariant holds no more, by the name of its check."""

from tests.finance.accidents import of_bookings, of_money, of_settlements, of_the_ledger
from tests.finance.accidents.accident import Accident

__all__ = ["ACCIDENTS", "Accident"]

ACCIDENTS: dict[str, list[Accident]] = (
    of_the_ledger.ACCIDENTS | of_bookings.ACCIDENTS | of_money.ACCIDENTS | of_settlements.ACCIDENTS
)
