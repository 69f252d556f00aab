"""Pages of documents: one font for both scripts, mirrored for languages that run from right to left."""

from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language_bidi
from fpdf import FPDF

FONT = "Vazirmatn"
INK, QUIET, RULE, BAND = (24, 32, 44), (96, 106, 120), (214, 219, 226), (240, 243, 247)
MARGIN = 16  # millimetres


class Page(FPDF):
    """A4 with the page's number below; everything is mirrored for languages that run from right to left."""

    def __init__(self, title: str, foot: str) -> None:
        super().__init__(format="A4")
        self.set_title(title)
        self.set_creator(settings.SITE_NAME)
        self.set_creation_date(timezone.now())
        self.foot = foot
        self.bidi = get_language_bidi()
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 4)
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.add_font(FONT, style, settings.BASE_DIR / "core" / "fonts" / f"{FONT}-{name}.ttf")
        self.set_text_shaping(True)
        self.set_font(FONT, size=9)
        self.set_text_color(*INK)
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)

    @property
    def start(self) -> Literal["L", "R"]:
        """The side where lines begin."""
        return "R" if self.bidi else "L"

    @property
    def end(self) -> Literal["L", "R"]:
        """The side where they end."""
        return "L" if self.bidi else "R"

    def ordered(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Cells of a row as they stand from left to right."""
        return cells[::-1] if self.bidi else cells

    def footer(self) -> None:
        """Which page of how many, and of what."""
        self.set_y(-MARGIN)
        self.set_font(FONT, size=7.5)
        self.set_text_color(*QUIET)
        self.cell(0, 4, self.foot, align=self.start)
        self.set_x(self.l_margin)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align=self.end)
        self.set_text_color(*INK)


def capital(text: str) -> str:
    """The text as a title begins."""
    return text[:1].upper() + text[1:]
