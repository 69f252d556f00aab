"""What is known of a person: told to them when they ask, and forgotten when they want.

Each app declares what it knows in its `privacy.py`. What the books need stays: bookings, payments and entries keep
their amounts, times and references, and lose who it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import CoreError
from core.transactions import in_one_transaction

FORGOTTEN_EMAIL = "forgotten@berth.invalid"  # a name that can never be anybody's (RFC 2606)


@dataclass(frozen=True)
class Person:
    """By their account, by an address that bookings were made with, or by both.

    Whoever asks for themselves is known by the account alone: anybody may type an address.
    """

    user_id: int = 0  # nobody's
    email: str = ""


class StillNeeded(CoreError):
    """Who somebody is cannot be forgotten yet; `reasons` tell why."""

    code, status, title = "still_needed", 409, "This is still needed."


Tell = Callable[[Person], Any]
Forget = Callable[[Person], None]
Hinder = Callable[[Person], str]

_tell: dict[str, Tell] = {}
_forget: list[Forget] = []
_hinder: list[Hinder] = []


def tells(name: str) -> Callable[[Tell], Tell]:
    """Declare what tells of a person, as JSON, under this name."""

    def declare(tell: Tell) -> Tell:
        _tell[name] = tell
        return tell

    return declare


def forgets(forget: Forget) -> Forget:
    """Declare what forgets a person, in the caller's transaction."""
    _forget.append(forget)
    return forget


def hinders(hinder: Hinder) -> Hinder:
    """Declare what tells why somebody cannot be forgotten yet, in their words; empty if nothing speaks against it."""
    _hinder.append(hinder)
    return hinder


def told(person: Person) -> dict[str, Any]:
    """All that is known of somebody, by what it is about."""
    return {name: _tell[name](person) for name in sorted(_tell)}


@in_one_transaction
def forget(person: Person) -> None:
    """Forget who somebody is. Raises StillNeeded, with nothing changed, while bookings or money are under way."""
    if reasons := [reason for hinder in _hinder if (reason := hinder(person))]:
        raise StillNeeded(" ".join(reasons), reasons=reasons)
    for forget_part in reversed(_forget):  # from the top down: what is below tells whose the things above are
        forget_part(person)
