"""The statement of a settlement as a PDF that one could send, in the language of the moment."""

from collections.abc import Iterator, Sequence
from datetime import UTC

from django.conf import settings
from django.utils.translation import gettext as _
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from core.money import Money
from core.pdf import BAND, FONT, INK, QUIET, Page, capital
from finance.models import LineKind, Settlement
from finance.settlement_sum import adding_up
from finance.statement import statement_lines

_WIDTHS = (17, 20, 42, 28, 16, 18, 15, 22)  # of the columns of lines, millimetres
_ROW = 5.4
MOST_LINES = 5_000  # a hundred pages and four seconds; whoever has more, reads them with a program


def statement(settlement: Settlement) -> bytes:
    """All of it: whose, of which month, how it adds up, and every line."""
    number = f"{settlement.operator.code}-{settlement.month:%Y-%m}-{settlement.pk}"
    title = f"{_('Settlement')} {number}"
    page = Page(title, f"{settings.SITE_NAME} · {title}")
    page.add_page()
    _head(page, settlement, number)
    _sum(page, settlement)
    _lines(page, settlement)
    return bytes(page.output())


def _head(page: Page, settlement: Settlement, number: str) -> None:
    payee = settlement.paid_to
    page.set_font(FONT, "B", 18)
    page.cell(0, 9, settings.SITE_NAME, align=page.start)
    page.set_x(page.l_margin)
    page.set_font(FONT, size=9)
    page.cell(0, 9, _("Settlement statement"), align=page.end, new_x="LMARGIN", new_y="NEXT")
    page.ln(2)
    page.line(page.l_margin, page.y, page.w - page.r_margin, page.y)
    page.ln(4)
    told = [
        (_("number"), number),
        (_("month"), f"{settlement.month:%Y-%m}"),
        (_("status"), settlement.get_status_display()),
        (_("approved at"), f"{settlement.approved_at.astimezone(UTC):%Y-%m-%d}" if settlement.approved_at else ""),
        (_("paid at"), f"{settlement.paid_at.astimezone(UTC):%Y-%m-%d}" if settlement.paid_at else ""),
        (_("bank transfer"), settlement.transfer),
    ]
    whose = [
        ("", payee["name"]),
        ("", payee["address"]),
        (_("tax number"), payee["tax_number"]),
        (_("bank account"), payee["bank_account"]),
    ]
    top = page.y
    ends = [_block(page, top, whose, second=False), _block(page, top, told, second=True)]
    page.set_y(max(ends) + 5)


def _block(page: Page, top: float, facts: Sequence[tuple[str, str]], *, second: bool) -> float:
    """Names and values in one half of the page; returns where it ends. What has no name takes the whole line."""
    half, of_name = page.epw / 2, 30
    left = page.l_margin + (half if second != page.bidi else 0)
    page.set_y(top)
    for name, value in facts:
        if not value:
            continue
        page.set_font(FONT, "" if name or page.y > top else "B", 9)
        # The value has a cell of its own: in one line with Arabic, a date would be turned round.
        page.set_x(left)
        if name:
            page.set_x(left + half - of_name if page.bidi else left)
            page.set_text_color(*QUIET)
            page.cell(of_name, 5, capital(name), align=page.start)
            page.set_text_color(*INK)
            page.set_x(left if page.bidi else left + of_name)
        page.multi_cell(half - (of_name if name else 0), 5, value, align=page.start, new_x="LMARGIN", new_y="NEXT")
    return page.y


def _sum(page: Page, settlement: Settlement) -> None:
    _title(page, _("How it adds up"))
    with page.table(
        col_widths=page.ordered((70, 30)),
        text_align=page.ordered((page.start, "R")),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        first_row_as_headings=False,
        line_height=6,
        width=int(page.epw * 0.62),
        align=page.start,
    ) as table:
        for name, money, is_sum in adding_up(settlement):
            row = table.row()
            for cell in page.ordered((capital(name), str(money))):
                row.cell(cell, style=FontFace(emphasis="BOLD") if is_sum else None)
    page.ln(6)


def _lines(page: Page, settlement: Settlement) -> None:
    # Cells of our own, on one line each: the library's tables take eight times as long, a minute for a large operator.
    _title(page, _("Lines"))
    headings = (
        _("date"), _("booking"), _("trip"), _("kind"),
        _("fare"), _("commission"), _("tax on it"), _("for the operator"),
    )  # fmt: skip
    _row(page, [*map(capital, headings)], bold=True)
    count = settlement.lines.count()
    for cells in _cells(settlement):
        if page.will_page_break(_ROW):
            page.add_page()
            _row(page, [*map(capital, headings)], bold=True)
        _row(page, cells)
    page.set_font(FONT, size=7.5)
    page.set_text_color(*QUIET)
    page.ln(2)
    told = _("Amounts are in %(currency)s. Fares are told without the tax within them, which is remitted by us.")
    page.multi_cell(0, 4, told % {"currency": settlement.currency}, align=page.start, new_x="LMARGIN", new_y="NEXT")
    if count > MOST_LINES:
        told = _("The first %(shown)s of %(count)s lines. All are in the CSV.")
        page.multi_cell(0, 4, told % {"shown": MOST_LINES, "count": count}, align=page.start)


def _row(page: Page, cells: Sequence[str], *, bold: bool = False) -> None:
    page.set_font(FONT, "B" if bold else "", 7.5)
    page.set_fill_color(*BAND)
    aligned = (*[page.start] * 4, *["R"] * 4)
    for text, width, align in zip(page.ordered(cells), page.ordered(_WIDTHS), page.ordered(aligned), strict=True):
        while page.get_string_width(text) > width - 2 * page.c_margin:
            text = f"{text.rstrip('…')[:-1]}…"  # noqa: PLW2901 - one line, whatever somebody wrote
        page.set_text_shaping(not text.isascii())  # what needs none is drawn in a third of the time
        page.cell(width, _ROW, text, border="B", align=align, fill=bold)
    page.set_text_shaping(True)
    page.ln(_ROW)


def _cells(settlement: Settlement) -> Iterator[tuple[str, ...]]:
    for line in statement_lines(settlement, MOST_LINES):
        amounts = (line.gross, -line.commission, -line.tax, line.net)
        yield (
            f"{line.at.astimezone(UTC):%Y-%m-%d}",
            line.booking,
            " ".join(filter(None, (line.trip, line.stretch))),
            str(LineKind(line.kind).label),
            *(f"{Money(amount, settlement.currency).major:,}" if amount else "" for amount in amounts),
        )


def _title(page: Page, text: str) -> None:
    page.set_font(FONT, "B", 10.5)
    page.multi_cell(0, 6, text, align=page.start, new_x="LMARGIN", new_y="NEXT")
    page.set_font(FONT, size=9)
    page.ln(1)
