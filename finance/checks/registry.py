"""What a check is, and all there are: each proves one thing about the whole database and names what breaks it.

A check is a generator. It yields `Checked` for what it went through and a `Broken` for each row that is wrong. It reads
with `ask`: PostgreSQL compares, and hands over the broken rows alone, a few at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

_ROWS = 500  # broken rows fetched at a time


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is wrong: how a person finds it, what is the matter, and by how many minor units of which currency.

    `amount` is None, and `currency` may be empty, where the matter is none of amounts.
    """

    subject: str
    problem: str
    amount: int | None = None
    currency: str = ""

    def to_json(self) -> dict[str, Any]:
        """The shape of the report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Checked:
    """So many more rows were looked at."""

    rows: int


@dataclass(frozen=True, slots=True)
class Note:
    """What people should know of how far the check went, such as a gateway that did not answer."""

    text: str


Found = Checked | Broken | Note


@dataclass(frozen=True, slots=True)
class Check:
    """`proves`: in one sentence. One that asks gateways runs outside any transaction, all others in one snapshot."""

    name: str
    proves: str
    find: Callable[[], Iterator[Found]]
    asks_gateways: bool = False


_checks: dict[str, Check] = {}


def check(find: Callable[[], Iterator[Found]]) -> Callable[[], Iterator[Found]]:
    """Register a check by the name of its function; the first line of the docstring is what it proves."""
    return _register(find, asks_gateways=False)


def gateway_check(find: Callable[[], Iterator[Found]]) -> Callable[[], Iterator[Found]]:
    """The same for a check that asks gateways."""
    return _register(find, asks_gateways=True)


def registered() -> list[Check]:
    """All checks, in the order in which they run: from the ledger upwards, the gateways last."""
    return sorted(_checks.values(), key=lambda one: one.asks_gateways)


def ask(counted: str, broken: str) -> Iterator[Checked | Broken]:
    """Count what a check is about, and find what is broken of it, by two statements.

    `counted` answers with one number; `broken` with rows of subject, problem, amount (or NULL) and currency. It is read
    through a cursor of the server's, so that neither side holds all rows at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(counted)
        (rows,) = cursor.fetchone()
    yield Checked(rows)
    with connection.chunked_cursor() as cursor:
        cursor.execute(broken)
        while found := cursor.fetchmany(_ROWS):
            for subject, problem, amount, currency in found:
                yield Broken(subject, problem, None if amount is None else int(amount), currency or "")


def _register(find: Callable[[], Iterator[Found]], *, asks_gateways: bool) -> Callable[[], Iterator[Found]]:
    name = find.__name__
    assert name not in _checks, f"two checks are called {name}"
    proves = (find.__doc__ or "").strip().splitlines()[0]
    _checks[name] = Check(name, proves, find, asks_gateways)
    return find
