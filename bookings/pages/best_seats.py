"""Seats for people who want to sit together and do not mind where."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bookings.queries import SeatState


def together(columns: str, seats: Iterable[SeatState], count: int) -> list[str]:
    """The numbers of that many free seats: the cheapest, side by side if they can be, else in one row, else near.

    Seats that are kept in mind for those who need them (`accessible`) are proposed to nobody.
    """
    free = [seat for seat in seats if seat.status == "free" and seat.price and "accessible" not in seat.features]
    for _price, same_price in groupby(sorted(free, key=_price_and_place), key=lambda seat: seat.price):
        equal = list(same_price)
        if len(equal) >= count:
            return [seat.number for seat in _nearest(columns, equal, count)]
    return []


def _nearest(columns: str, seats: Sequence[SeatState], count: int) -> Sequence[SeatState]:
    by_row = [list(row) for _number, row in groupby(seats, key=lambda seat: seat.row)]
    for row in by_row:
        for run in _runs(columns, row):
            if len(run) >= count:
                return run[:count]
    in_one_row = next((row for row in by_row if len(row) >= count), seats)
    return in_one_row[:count]


def _runs(columns: str, row: Sequence[SeatState]) -> Iterator[list[SeatState]]:
    """The free seats of a row in pieces without a gap; the aisle is one."""
    # A seat's column less its place among the free ones stays the same as long as they are neighbours.
    numbered = [(columns.index(seat.column) - place, seat) for place, seat in enumerate(row)]
    for _offset, run in groupby(numbered, key=lambda pair: pair[0]):
        yield [seat for _, seat in run]


def _price_and_place(seat: SeatState) -> tuple[int, int, str]:
    assert seat.price
    return seat.price.amount, seat.row, seat.column
