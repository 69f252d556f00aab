"""Finance in the staff site: what operators are paid, and the reports."""

from finance.admin.settlement import SettlementAdmin

__all__ = ["SettlementAdmin"]
