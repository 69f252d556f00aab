"""Tables of the ledger."""

from ledger.models.account import Account, AccountKind
from ledger.models.checkpoint import Checkpoint
from ledger.models.journal_entry import EntryKind, JournalEntry
from ledger.models.period import PERIOD_TRANSITIONS, Period, PeriodStatus
from ledger.models.posting import Posting

__all__ = [
    "PERIOD_TRANSITIONS",
    "Account",
    "AccountKind",
    "Checkpoint",
    "EntryKind",
    "JournalEntry",
    "Period",
    "PeriodStatus",
    "Posting",
]
