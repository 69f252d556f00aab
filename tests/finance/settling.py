"""Settlements as tests read them; of the operator whose seats cost 100.00 with their tax."""

from finance.models import Settlement, SettlementLine
from ledger.models import JournalEntry

NET = 10_000 - 1_304  # a fare without its tax
COMMISSION = 696  # 8 % of it
PAYABLE, DUE, RESERVE = "operator:OPSAR:payable", "operator:OPSAR:due", "operator:OPSAR:reserve"


def lines(settlement: Settlement) -> list[tuple]:
    """What it takes: kind, fare, commission, tax in that, and what is left for the operator."""
    return list(settlement.lines.values_list("kind", "gross", "commission", "tax", "net"))


def written() -> tuple:
    """All that decisions about settlements write."""
    return (
        list(Settlement.objects.order_by("pk").values_list()),
        list(SettlementLine.objects.order_by("pk").values_list()),
        JournalEntry.objects.count(),
    )
