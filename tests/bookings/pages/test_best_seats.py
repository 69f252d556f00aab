"""Which seats are proposed to people who want to sit together."""

from bookings.pages.best_seats import together
from bookings.queries import SeatState
from core.money import Money


def cabin(*rows: str, columns: str = "AB CD", price: int = 100) -> list[SeatState]:
    """A row a string: `.` free, `x` taken, `w` kept for wheelchairs."""
    return [
        SeatState(
            number=f"{number}{letter}",
            row=number,
            column=letter,
            fare_class="standard",
            features=("accessible",) if state == "w" else (),
            price=Money(price, "SAR"),
            status="held" if state == "x" else "free",
        )
        for number, row in enumerate(rows, 1)
        for letter, state in zip(columns, row, strict=True)
        if letter != " "
    ]


def test_neighbours_of_the_first_row_that_has_them():
    assert together("AB CD", cabin("x. x.", "x. .."), 2) == ["2C", "2D"]


def test_the_aisle_parts_neighbours():
    assert together("AB CD", cabin("x. .x", ".. xx"), 2) == ["2A", "2B"]


def test_without_neighbours_one_row_is_better_than_two():
    assert together("AB CD", cabin("x. xx", "x. .x"), 2) == ["2B", "2C"]


def test_without_any_row_the_first_free_seats():
    assert together("AB CD", cabin("x. xx", "xx .x"), 2) == ["1B", "2C"]


def test_the_cheaper_class_first():
    dear = cabin(".. ..", price=900)
    cheap = [SeatState(f"9{letter}", 9, letter, "standard", (), Money(100, "SAR"), "free") for letter in "AB"]
    assert together("AB CD", [*dear, *cheap], 2) == ["9A", "9B"]


def test_nobody_is_proposed_a_seat_that_is_kept_for_those_who_need_it():
    assert together("AB CD", cabin("ww ..", "xx xx"), 2) == ["1C", "1D"]
    assert together("AB CD", cabin("ww xx"), 1) == []


def test_too_few_seats_propose_none():
    assert together("AB CD", cabin(".x xx"), 2) == []
