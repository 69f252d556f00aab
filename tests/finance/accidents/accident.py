"""What breaks one invariant of a small world."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

World = Callable[[], Any]
NOTHING = "SELECT 1"
LAST_FEE = "(SELECT max(id) FROM ledger_journalentry WHERE kind = 'fee')"


@dataclass(frozen=True)
class Accident:
    """In this world, one `statement` of the owner's breaks a check, which names the row that has all these `words`.

    `also`: what cannot hold either then.
    """

    world: World
    statement: str
    words: tuple[str, ...]
    also: tuple[str, ...] = field(default=())


def account(code: str) -> str:
    """Its id, in the worlds of one currency."""
    return f"(SELECT id FROM ledger_account WHERE code = '{code}')"
