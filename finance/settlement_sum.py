"""How a settlement adds up, as people read it."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from core.admin.display import Text
from core.money import Money
from finance.models import Settlement


def adding_up(settlement: Settlement) -> Iterator[tuple[str, Money, bool]]:
    """What it is the sum of, signed as it counts, with whether it is a sum; what is zero is left out, sums are not."""
    parts: tuple[tuple[Text, int, bool], ...] = (
        (_("fares without tax"), settlement.gross_amount, False),
        (_("commission"), -settlement.commission_amount, False),
        (_("commission on cancellations"), -settlement.cancellation_commission_amount, False),
        (_("tax on commission"), -settlement.tax_amount, False),
        (_("corrections"), settlement.correction_amount, False),
        (_("reserve released"), settlement.released_amount, False),
        (_("brought forward"), settlement.brought_amount, False),
        (_("total"), settlement.total_amount, True),
        (_("reserve held back"), -settlement.reserve_amount, False),
        (_("carried forward"), settlement.carried.amount, False),
        (_("due"), settlement.due.amount, True),
    )
    for name, amount, is_sum in parts:
        if amount or is_sum:
            yield str(name), Money(amount, settlement.currency), is_sum
