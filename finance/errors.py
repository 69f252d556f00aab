"""What can go wrong when operators are settled with, and what a report can be asked in vain."""

from core.errors import Problem


class FinanceError(Problem):
    """Root of this app's errors."""

    code, status, title = "finance_error", 409, "This cannot be done with the books as they are."


class SamePerson(FinanceError):
    """Whoever approved a settlement cannot pay it, and whoever paid it cannot say that it came back."""

    code, status, title = "same_person", 403, "Somebody else has to do this than who did the step before."


class SettlementChanged(FinanceError):
    """A settlement does not come to what somebody looked at. `total`, `due`: what it comes to now."""

    code, title = "settlement_changed", "What it comes to has changed."


class EarlierDraft(FinanceError):
    """An earlier settlement of the operator is a draft still: what it carries forward is not known."""

    code, title = "earlier_draft", "An earlier settlement of this operator is a draft still: decide about that first."


class PeriodRefused(FinanceError):
    """The days asked for are the wrong way round, or too many for a report that has a column for each month."""

    code, status, title = "validation_error", 400, "This period cannot be reported."
