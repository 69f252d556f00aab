"""The seat map as a cabin: rows of seats with their aisle, a heading where a fare class begins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.queries import SeatState
from bookings.templatetags.travel import fare_class, feature
from core.money import Money

STATES: dict[str, Promise] = {
    "free": gettext_lazy("free"),
    "held": gettext_lazy("held by somebody else"),
    "sold": gettext_lazy("sold"),
    "yours": gettext_lazy("yours already"),
    "blocked": gettext_lazy("not for sale"),
}


@dataclass(frozen=True)
class Cell:
    """One position of a row: a seat, an aisle, or nothing."""

    seat: SeatState | None = None
    is_aisle: bool = False
    is_first_aisle: bool = False

    @property
    def name(self) -> str:
        """What a screen reader says of the seat."""
        assert self.seat
        words = [self.seat.number, *map(feature, self.seat.features), fare_class(self.seat.fare_class)]
        if self.seat.price:
            words.append(str(self.seat.price))
        return _(", ").join([*words, str(STATES[self.seat.status])])


@dataclass(frozen=True)
class Row:
    """A row of the cabin; `opens` is the fare class that begins with it."""

    number: int
    cells: Sequence[Cell]
    opens: str = ""
    price: Money | None = None

    @property
    def is_exit(self) -> bool:
        """Whether an emergency exit is here."""
        return any(cell.seat and "exit_row" in cell.seat.features for cell in self.cells)


def layout(columns: str) -> list[str]:
    """Column letters from left to right with a space for each aisle; one aisle before all seats if there is none."""
    return list(columns if " " in columns else f" {columns}")


def rows(columns: str, seats: Iterable[SeatState]) -> Iterator[Row]:
    """The cabin from front to back. `seats` come in order of their rows."""
    letters = layout(columns)
    first_aisle = letters.index(" ")
    last_class = ""
    for number, of_row in groupby(seats, key=lambda seat: seat.row):
        by_column = {seat.column: seat for seat in of_row}
        cells = [
            Cell(by_column.get(letter), letter == " ", index == first_aisle) for index, letter in enumerate(letters)
        ]
        first = next(iter(by_column.values()))
        opens = first.fare_class if first.fare_class != last_class else ""
        last_class = first.fare_class
        yield Row(number, cells, opens, first.price)
