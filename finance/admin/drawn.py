"""A report as the staff site shows it: cells for a template, with links to what they are about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.models import Booking
from core.admin.display import Text, link, utc_on_two_lines
from core.admin.sections import Cell
from core.money import Money
from finance.reports.report import Column, Kind, Part, Report, Row, Total
from finance.reports.spreadsheet import title_of

_NUMBERS = (Kind.MONEY, Kind.NUMBER)
# What a range of days in a report becomes in the statement of one of its accounts.
_DAYS = {"from": "begin", "to": "end", "at": "end"}


@dataclass(frozen=True)
class Table:
    """One currency of a report. Rows and totals are cells, one a column."""

    title: Text
    titles: list[Cell]
    before: list[list[Cell]]
    rows: list[list[Cell]]
    after: list[list[Cell]]


def period(report: Report) -> Mapping[str, SafeString]:
    """The days of a report, which read from left to right in the midst of Arabic, too."""
    return {name: format_html('<bdi dir="ltr">{}</bdi>', day) for name, day in report.period.items() if day}


def tables(report: Report) -> list[Table]:
    """The parts of a report. One query more, for the bookings that its rows name."""
    return [_table(report, part) for part in report.parts]


def _table(report: Report, part: Part) -> Table:
    rows = list(part.rows)
    bookings = _bookings(report, rows)
    told: list[Mapping[str, Any]] = [*rows, *(total.values for total in (*part.before, *part.after))]
    columns = [one for one in report.columns if not one.is_sparse or any(row.get(one.key) for row in told)]
    report = replace(report, columns=columns)  # months before there was any business are no columns of dashes
    return Table(
        part.currency,
        [_cell(column, None) for column in columns],
        [_total(report, part, total) for total in part.before],
        [list(_cells(report, part, row, bookings)) for row in rows],
        [_total(report, part, total) for total in part.after],
    )


def _bookings(report: Report, rows: list[Row]) -> Mapping[str, int]:
    keys = [column.key for column in report.columns if column.kind == Kind.BOOKING]
    references = {row[key] for row in rows for key in keys if row[key]}
    if not references:
        return {}
    return dict(Booking.objects.filter(reference__in=references).values_list("reference", "pk"))


def _total(report: Report, part: Part, total: Total) -> list[Cell]:
    first, *others = report.columns
    values = ((column, total.values.get(column.key)) for column in others)
    # Beside the name of a total, what is not summed stays empty.
    sums = [_cell(column, "" if value is None else _shown(column, value, part.currency)) for column, value in values]
    return [_cell(first, total.title), *sums]


def _cells(report: Report, part: Part, row: Row, bookings: Mapping[str, int]) -> Iterator[Cell]:
    for column in report.columns:
        value: Any = row.get(column.key)
        shown = _shown(column, value, part.currency)
        if value and column.kind == Kind.ACCOUNT:
            shown = _statement(report, value, part.currency)
        elif column.kind == Kind.ENTRY:
            shown = link("ledger_journalentry", row["entry_id"], value or row["entry_id"])
        elif column.kind == Kind.BOOKING and value in bookings:
            shown = link("bookings_booking", bookings[value], value)
        yield _cell(column, shown)


def _cell(column: Column, value: object) -> Cell:
    return Cell(title_of(column), value, column.kind in _NUMBERS)


def _shown(column: Column, value: Any, currency: str) -> object:
    return None if column.is_sparse and not value else _plain(column, value, currency)


def _plain(column: Column, value: Any, currency: str) -> object:
    if value is None or value == "":
        return None
    match column.kind:
        case Kind.MONEY:
            return Money(value, currency)
        case Kind.TIME:
            return utc_on_two_lines(value)
        case Kind.NUMBER:
            return value
    return column.words[value] if value in column.words else format_html('<bdi dir="ltr">{}</bdi>', value)


def _statement(report: Report, code: str, currency: str) -> SafeString:
    days = {_DAYS[name]: day for name, day in report.period.items() if name in _DAYS and day}
    query = urlencode({"account": code, "currency": currency, **days})
    address = reverse("report", args=["account_statement"])
    return format_html('<a class="text-link" href="{}?{}"><bdi dir="ltr">{}</bdi></a>', address, query, code)
