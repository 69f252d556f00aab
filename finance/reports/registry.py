"""All reports by name: what each is called, what it asks for, and who makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from core.admin.display import Text
from finance.reports import (
    account_statement,
    aging,
    clearing,
    profit_summary,
    trial_balance,
    unearned_by_departure,
)
from finance.reports.report import Report


@dataclass(frozen=True)
class Definition:
    """A report. `asks`: what it can be told, as keyword arguments; `needs`: what it must be told."""

    name: str
    title: Text
    explanation: Text
    icon: str
    make: Callable[..., Report]
    asks: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def is_paged(self) -> bool:
        """Whether it may have any number of rows, so that it is read from a cursor, and shown a page at a time."""
        return "account" in self.asks


_AT = ("at", "currency")
REPORTS = {
    definition.name: definition
    for definition in (
        Definition(
            "trial_balance",
            trial_balance.TITLE,
            trial_balance.EXPLANATION,
            "balance",
            trial_balance.trial_balance,
            _AT,
        ),
        Definition(
            "account_statement",
            account_statement.TITLE,
            account_statement.EXPLANATION,
            "receipt_long",
            account_statement.account_statement,
            ("account", "currency", "begin", "end"),
            ("account", "currency"),
        ),
        Definition(
            "profit_summary",
            profit_summary.TITLE,
            profit_summary.EXPLANATION,
            "trending_up",
            profit_summary.profit_summary,
            ("begin", "end", "currency"),
        ),
        Definition(
            "unearned_by_departure",
            unearned_by_departure.TITLE,
            unearned_by_departure.EXPLANATION,
            "flight_takeoff",
            unearned_by_departure.unearned_by_departure,
            _AT,
        ),
        Definition("aging", aging.TITLE, aging.EXPLANATION, "hourglass_bottom", aging.aging, _AT),
        Definition("clearing", clearing.TITLE, clearing.EXPLANATION, "sync_alt", clearing.clearing, _AT),
    )
}
