"""What can go wrong when money is written down."""

from core.errors import Problem


class LedgerError(Problem):
    """Root of this app's errors."""

    code, status, title = "ledger_error", 500, "The ledger cannot be written."


class AccountUnknownError(LedgerError):
    """The chart of accounts has no such code."""

    code, title = "ledger_account_unknown", "The chart of accounts has no such account."


class EntryUnbalancedError(LedgerError):
    """An entry needs two lines or more that sum to zero."""

    code, title = "ledger_entry_unbalanced", "The entry does not balance."


class EntryConflictError(LedgerError):
    """The fact is in the books already, with another meaning. Nothing was written."""

    code, status, title = "ledger_entry_conflict", 409, "The books already tell this differently."


class LedgerBusyError(LedgerError):
    """Entries were in flight for as long as we were willing to wait; nothing was done, try again later."""

    code, status, title = "ledger_busy", 503, "Entries are being written right now."


class PeriodNotOverError(LedgerError):
    """A month can be closed only once it has ended, by UTC."""

    code, status, title = "ledger_period_not_over", 409, "The month has not ended."
