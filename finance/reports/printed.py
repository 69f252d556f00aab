"""Reports for terminals and programs, a row at a time, however many there are."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from core.money import Money
from finance.reports.report import Column, Kind, Report, Row
from finance.reports.spreadsheet import title_of

Write = Callable[[str], Any]

_WIDTHS = {
    Kind.ACCOUNT: 34,
    Kind.ENTRY: 44,
    Kind.BOOKING: 10,
    Kind.MONEY: 16,
    Kind.NUMBER: 9,
    Kind.MONTH: 18,
    Kind.TIME: 20,
    Kind.TEXT: 20,
}
_RIGHT = (Kind.MONEY, Kind.NUMBER)


def write_json(report: Report, write: Write) -> None:
    """JSON of minor units: the period, and by currency the rows and each total by its name."""
    head = {"report": report.name, **report.period}
    write(json.dumps(head)[:-1] + ', "currencies": {')
    for number, part in enumerate(report.parts):
        totals = {total.key: dict(total.values) for total in (*part.before, *part.after)}
        write(f"{', ' if number else ''}{json.dumps(part.currency)}: {json.dumps(totals)[:-1]}")
        write(f'{", " if totals else ""}"rows": [')
        for position, row in enumerate(part.rows):
            write((", " if position else "") + json.dumps(_plain(report, row)))
        write("]}")
    write("}}\n")


def _plain(report: Report, row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {column.key: row.get(column.key) for column in report.columns}
    times = [column.key for column in report.columns if column.kind == Kind.TIME]
    return values | {key: values[key].astimezone(UTC).isoformat() for key in times}


def write_table(report: Report, write: Write) -> None:
    """A table of major units for each currency, for people."""
    told = ", ".join(f"{name} {value}" for name, value in report.period.items() if value)
    write(f"{report.title}: {told} (UTC)\n")
    for part in report.parts:
        titles = [title_of(column) for column in report.columns]
        write(f"\n{part.currency}\n{_line(report, titles)}\n")
        for total in part.before:
            write(_row(report, total.values, part.currency, str(total.title)))
        for row in part.rows:
            write(_row(report, row, part.currency))
        for total in part.after:
            write(_row(report, total.values, part.currency, str(total.title)))
    if not report.parts:
        write("\nNone.\n")
    for note in report.notes:
        write(f"\n{note}\n")


def _row(report: Report, row: Row, currency: str, title: str = "") -> str:
    cells = [_text(column, row.get(column.key), currency) for column in report.columns]
    if title:
        cells[0] = title
    return _line(report, cells) + "\n"


def _line(report: Report, cells: list[str]) -> str:
    return " ".join(_padded(report.columns, cells)).rstrip()


def _padded(columns: Any, cells: list[str]) -> Iterator[str]:
    for column, cell in zip(columns, cells, strict=True):
        width = _WIDTHS[column.kind]
        yield cell.rjust(width) if column.kind in _RIGHT else cell.ljust(width)


def _text(column: Column, value: Any, currency: str) -> str:
    if value is None:
        return ""
    match column.kind:
        case Kind.MONEY:
            return f"{Money(value, currency).major:,f}"
        case Kind.TIME:
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return str(column.words.get(value, value))
