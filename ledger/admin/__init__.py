"""The books in the staff site, to read."""

from ledger.admin.account import AccountAdmin
from ledger.admin.journal_entry import JournalEntryAdmin

__all__ = ["AccountAdmin", "JournalEntryAdmin"]
