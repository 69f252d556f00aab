"""Tables of finance."""

from finance.models.reports import Reports
from finance.models.settlement import (
    SETTLEMENT_TRANSITIONS,
    LineKind,
    Settlement,
    SettlementLine,
    SettlementStatus,
)

__all__ = ["SETTLEMENT_TRANSITIONS", "LineKind", "Reports", "Settlement", "SettlementLine", "SettlementStatus"]
