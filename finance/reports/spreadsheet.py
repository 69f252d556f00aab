"""Reports as tables for spreadsheet programs: exact amounts in major units, and no text that is run as a formula."""

import csv as comma_separated
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from core.money import Money, minor_digits
from finance.reports.report import Column, Kind, Part, Report, Row, Total

Cell = str | int | Decimal | datetime

# What spreadsheet programs take the beginning of a formula from (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # which XML, and so XLSX, cannot hold
_AT_ONCE = 1_000  # rows that are in memory while CSV is written
MOST_ROWS = 100_000  # of an XLSX: some ten thousand are written in a second
_NO_TITLE = re.compile(r"[\[\]:*?/\\]")  # what the name of a sheet cannot have
_WIDE, _NARROW = 22, 14  # columns, in characters
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


class TooManyRows(ValueError):
    """The report is too long for an XLSX."""


def csv(report: Report) -> Iterator[str]:
    """The report as CSV, in pieces: however long it is, a thousand rows are in memory."""
    lines = _lines(report)
    yield BYTE_ORDER_MARK + _csv([_titles(report)])
    while some := list(islice(lines, _AT_ONCE)):
        yield _csv(some)


def xlsx(report: Report) -> IO[bytes]:
    """The report as a workbook of one sheet, a file that is gone when closed; amounts are numbers with their digits.

    A row at a time is in memory. Raises TooManyRows above MOST_ROWS rows.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NO_TITLE.sub("-", str(report.title))[:31])
    sheet.freeze_panes = "A2"
    for number, column in enumerate(report.columns):
        wide = column.kind in (Kind.ACCOUNT, Kind.ENTRY, Kind.TIME)
        sheet.column_dimensions[get_column_letter(number + 2)].width = _WIDE if wide else _NARROW
    sheet.append([_styled(sheet, title, bold=True) for title in _titles(report)])
    lines = _lines(report)
    for line in islice(lines, MOST_ROWS):
        amounts = "#,##0" + f".{'0' * minor_digits(str(line[0]))}".rstrip(".")
        sheet.append([_styled(sheet, cell, amounts) if isinstance(cell, Decimal) else cell for cell in line])
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)  # even if nobody wants it: only so its own temporary files are removed
    if next(lines, None) is not None:
        file.close()
        raise TooManyRows
    file.seek(0)
    return file


def _styled(sheet: Any, value: Cell, number_format: str = "General", *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = number_format
    if bold:
        cell.font = Font(bold=True)
    return cell


def _csv(lines: list[list[Cell]] | list[list[str]]) -> str:
    written = StringIO()
    comma_separated.writer(written).writerows(lines)
    return written.getvalue()


def _titles(report: Report) -> list[str]:
    return [harmless(_("currency")), *(harmless(title_of(column)) for column in report.columns)]


def title_of(column: Column) -> str:
    """The title of a column; that of times names their zone."""
    return f"{column.title} (UTC)" if column.kind == Kind.TIME else str(column.title)


def _lines(report: Report) -> Iterator[list[Cell]]:
    for part in report.parts:
        yield from (_total(report, part, total) for total in part.before)
        for row in part.rows:
            yield [part.currency, *(_cell(column, row.get(column.key), part.currency) for column in report.columns)]
        yield from (_total(report, part, total) for total in part.after)


def _total(report: Report, part: Part, total: Total) -> list[Cell]:
    row: Row = total.values
    _first, *others = report.columns
    cells = [_cell(column, row.get(column.key), part.currency) for column in others]
    return [part.currency, harmless(str(total.title)), *cells]


def _cell(column: Column, value: Any, currency: str) -> Cell:
    if value is None:
        return ""
    match column.kind:
        case Kind.MONEY:
            return Money(value, currency).major
        case Kind.NUMBER:
            return int(value)
        case Kind.TIME:
            return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)  # type: ignore[no-any-return]
    return harmless(str(column.words.get(value, value)))


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet program would take for a formula."""
    text = _CONTROLS.sub("", text)
    return f"'{text}" if text.startswith(_FORMULA) else text
