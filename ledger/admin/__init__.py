"""The books in the staff site: to read, to write on by hand where nothing else tells, and to close month by month."""

from ledger.admin.account import AccountAdmin
from ledger.admin.journal_entry import JournalEntryAdmin
from ledger.admin.period import PeriodAdmin

__all__ = ["AccountAdmin", "JournalEntryAdmin", "PeriodAdmin"]
