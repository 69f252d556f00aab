"""A matrix as text: rows are addresses with a method, columns are people, and each cell is an answer.

| in a cell | means |
|---|---|
| `200`, `404` … | the status of the answer |
| `in` | one is sent to sign in |
| `!` behind it | it shows who travels, or how to reach them: without the sign it does not |
| `+` behind it | something was written: without the sign nothing was, in any table, and no e-mail was sent |
| `405/200` | either of them |
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction

from tests.database import rows_seen_by
from tests.rights.addresses import METHODS, filled_in
from tests.rights.people import PEOPLE, Person
from tests.rights.world import World

ASIDE = {"django_session"}  # what a browser remembers is nothing that anybody owns
SIGN_IN = ("/en/account/login/", "/en/admin/login/")


@dataclass(frozen=True)
class Wish:
    """What is asked for at an address, the same for everybody: what stands in its brackets, and the body."""

    values: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Wishes = dict[str, Callable[[World], Wish]]


@dataclass(frozen=True)
class Row:
    """A method of an address, and the answer that each person should get."""

    method: str
    address: str
    expected: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.address}"


def read(table: str) -> list[Row]:
    """The rows of a table; its first line names the people by their first letters."""
    heads, *lines = (line.split() for line in table.splitlines() if line.strip())
    assert all(name.startswith(head) for name, head in zip(PEOPLE, heads, strict=True))
    rows = [Row(line[0], line[1], dict(zip(PEOPLE, line[2:], strict=True))) for line in lines]
    assert len({row.name for row in rows}) == len(rows), "a row stands there twice"
    return rows


def other_methods(
    rows: Iterable[Row], answer: Callable[[list[str]], str], people: Iterable[str] = tuple(PEOPLE)
) -> list[Row]:
    """Rows for the methods that these addresses do not know, for these people.

    `answer` makes of all that a person is answered by the methods that there are what the others answer.
    """
    known: dict[str, list[Row]] = {}
    for row in rows:
        known.setdefault(row.address, []).append(row)
    return [
        Row(method, address, {name: answer([row.expected[name] for row in there]) for name in people})
        for address, there in known.items()
        for method in METHODS
        if method not in {row.method for row in there}
    ]


def of_programs(known: list[str]) -> str:
    """Whoever is not let in is told that first."""
    return "401" if "401" in known else "405"


def of_pages(known: list[str]) -> str:
    """Some pages only ask whether a form is sent, and take every other method for a look at them."""
    return "/".join(["405", *(answer.removesuffix("+") for answer in known)])


# ------------------------------------------------------------------------------------------------------------- trying
class Trial:
    """Everybody tries rows in one world; whatever came of it is undone before the next row."""

    def __init__(self, world: World, wishes: Wishes) -> None:
        self.world = world
        self.wishes = wishes
        self.before = everything()
        self.tried = 0

    def differences(self, rows: Iterable[Row]) -> list[str]:
        """Where answers, or what was written, are not as expected."""
        return [line for row in rows for line in self._of_row(row)]

    def _of_row(self, row: Row) -> list[str]:
        make = self.wishes.get(row.name) or self.wishes.get(row.address)
        wish = make(self.world) if make else Wish()
        writers = [name for name, answer in row.expected.items() if answer.endswith("+")]
        readers = [name for name in row.expected if name not in writers]
        found = self._together(row, wish, readers)
        if found is None:  # somebody wrote: who?
            found = {name: self._alone(row, wish, name) for name in readers}
            assert any(answer.endswith("+") for answer in found.values()), f"{row.name}: only together they write"
        found |= {name: self._alone(row, wish, name) for name in writers}
        return [
            f"{row.name}: {name} should get {answer}, and got {found[name]}"
            for name, answer in row.expected.items()
            if found[name] not in answer.split("/")
        ]

    def _together(self, row: Row, wish: Wish, names: list[str]) -> dict[str, str] | None:
        """The answers, one after the other; None if anything was written."""
        with Undone():
            found = {name: self._answer(row, wish, self.world.people[name]) for name in names}
            return found if everything() == self.before and not mail.outbox else None

    def _alone(self, row: Row, wish: Wish, name: str) -> str:
        with Undone():
            answer = self._answer(row, wish, self.world.people[name])
            return answer if everything() == self.before and not mail.outbox else f"{answer}+"

    def _answer(self, row: Row, wish: Wish, person: Person) -> str:
        self.tried += 1
        values = self.world.values_for(row.address) | wish.values
        response = person.ask(row.method, filled_in(row.address, values) + wish.query, wish.body, wish.headers)
        shown = "" if response.streaming else response.content.decode(errors="replace")
        told = [secret for secret in self.world.secrets if secret in shown]
        if response.status_code == 302 and response.headers["Location"].startswith(SIGN_IN):
            return "in"
        return f"{response.status_code}{'!' if told else ''}"


class Undone:
    """A block whose writing is taken back at its end."""

    def __enter__(self) -> None:
        mail.outbox.clear()
        self._savepoint = transaction.savepoint()

    def __exit__(self, *_error: object) -> None:
        transaction.savepoint_rollback(self._savepoint)
        cache.clear()


def everything() -> dict[str, list[str]]:
    """What must stay as it is."""
    with connection.cursor() as cursor:
        return {table: rows for table, rows in rows_seen_by(cursor).items() if table not in ASIDE}


def everybody_gets_what_is_theirs(world: World, wishes: Wishes, rows: list[Row], record_property: Any) -> None:
    """Try all of these rows, and note down how many requests that were."""
    unknown = wishes.keys() - {row.name for row in rows} - {row.address for row in rows}
    assert not unknown, f"asked for nowhere: {unknown}"
    trial = Trial(world, wishes)
    differences = trial.differences(rows)
    assert not differences, "\n".join(differences)
    record_property("requests of somebody to some address, answered as the matrix of rights says", trial.tried)
