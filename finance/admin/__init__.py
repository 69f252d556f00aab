"""Finance in the staff site: what operators are paid."""

from finance.admin.settlement import SettlementAdmin

__all__ = ["SettlementAdmin"]
