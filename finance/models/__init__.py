"""Tables of finance."""

from finance.models.settlement import (
    SETTLEMENT_TRANSITIONS,
    LineKind,
    Settlement,
    SettlementLine,
    SettlementStatus,
)

__all__ = ["SETTLEMENT_TRANSITIONS", "LineKind", "Settlement", "SettlementLine", "SettlementStatus"]
