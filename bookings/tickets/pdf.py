"""The tickets of a booking as a PDF: a page for each traveller, in the language of the moment."""

from datetime import datetime
from typing import Literal

import segno
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bookings.models import Booking, Passenger, TripStop
from bookings.templatetags.travel import fare_class, time_until
from bookings.tickets.code import code_of
from core.pdf import FONT, INK, MARGIN, QUIET, Page, capital

Side = Literal["L", "C", "R"]
_SUN = (255, 198, 26)
_SMALLEST = 6  # points
_TOP, _HEAD, _JOURNEY, _BODY = 34, 20, 48, 62  # millimetres: where the ticket begins, and its parts
_PAD = 8
_CODE = 46


def ticket_pdf(booking: Booking) -> bytes:
    """A page for each passenger who travels. The booking is loaded with stops, places, operator and seats."""
    find_again = _("Find your booking again at %(address)s")
    foot = find_again % {"address": settings.PUBLIC_URL.partition("://")[2]}
    page = Page(f"{_('Ticket')} {booking.reference}", foot)
    for passenger in booking.live_passengers():
        page.add_page()
        _heading(page)
        _frame(page, booking)
        _journey(page, booking)
        _passenger(page, booking, passenger)
        _note(page)
    return bytes(page.output())


def _heading(page: Page) -> None:
    page.set_font(FONT, "B", 18)
    page.cell(0, 9, settings.SITE_NAME, align=page.start)
    page.set_x(page.l_margin)
    page.set_font(FONT, size=11)
    page.cell(0, 9, _("Ticket"), align=page.end)


def _frame(page: Page, booking: Booking) -> None:
    """The outline, and a band with operator, trip and reference."""
    height = _HEAD + _JOURNEY + _BODY
    page.set_fill_color(*INK)
    page.rect(MARGIN, _TOP, page.epw, _HEAD + 4, style="F", round_corners=True, corner_radius=4)
    page.set_fill_color(255, 255, 255)
    page.rect(MARGIN, _TOP + _HEAD, page.epw, 5, style="F")
    page.rect(MARGIN, _TOP, page.epw, height, style="D", round_corners=True, corner_radius=4)
    page.set_text_color(255, 255, 255)
    page.set_font(FONT, "B", 12)
    _put(page, f"{booking.trip.operator.name} {booking.trip.number}", _TOP + 6, 8, page.start)
    page.set_text_color(*_SUN)
    page.set_font(FONT, "B", 17)
    page.set_char_spacing(1.5)
    _put(page, booking.reference, _TOP + 6, 8, page.end)
    page.set_char_spacing(0)
    page.set_text_color(*INK)


def _journey(page: Page, booking: Booking) -> None:
    """Both ends of it, each by the clock of its own place, and how long it takes."""
    top = _TOP + _HEAD + _PAD
    _end(page, booking.boarding, booking.boarding.departs_at, top, page.start)
    _end(page, booking.alighting, booking.alighting.arrives_at, top, page.end)
    page.set_font(FONT, size=9)
    page.set_text_color(*QUIET)
    _put(page, time_until(booking.boarding.departs_at, booking.alighting.arrives_at), top + 1, 5, "C")
    middle = page.w / 2
    page.line(middle - 16, top + 8, middle + 16, top + 8)
    page.set_text_color(*INK)
    below = _TOP + _HEAD + _JOURNEY
    page.set_dash_pattern(dash=1.2, gap=1.2)
    page.line(MARGIN, below, page.w - MARGIN, below)
    page.set_dash_pattern()


def _end(page: Page, stop: TripStop, at: datetime, top: float, side: Side) -> None:
    local = at.astimezone(stop.place.zone)
    for text, style, size, height in (
        (date_format(local, "H:i"), "B", 25, 11),
        (f"{stop.place.local_city} ({stop.place.code})", "B", 12, 6),
        (stop.place.local_name, "", 9, 5),
        (date_format(local, "l j F Y"), "", 9, 5),
    ):
        page.set_font(FONT, style, size)
        _put(page, text, top, height, side)
        top += height


def _passenger(page: Page, booking: Booking, passenger: Passenger) -> None:
    """Who sits where, and the code that is scanned at the door."""
    top = _TOP + _HEAD + _JOURNEY + _PAD
    facts = (
        (_("passenger"), passenger.full_name),
        (_("seat"), f"{passenger.seat.number} · {fare_class(passenger.seat.fare_class)}"),
        (_("passport or identity number"), passenger.document),
    )
    for name, value in facts:
        if not value:
            continue
        page.set_font(FONT, size=8)
        page.set_text_color(*QUIET)
        _put(page, capital(name), top, 4.5, page.start)
        page.set_text_color(*INK)
        page.set_font(FONT, "B", 12)
        _put(page, value, top + 4.5, 6.5, page.start, width=page.epw - 3 * _PAD - _CODE)
        top += 15
    x = MARGIN + _PAD if page.bidi else page.w - MARGIN - _PAD - _CODE
    _draw(page, code_of(booking, passenger), x, _TOP + _HEAD + _JOURNEY + _PAD)


def _draw(page: Page, text: str, x: float, y: float) -> None:
    """A QR code, made of squares: sharp at any size."""
    rows = segno.make(text, error="m", micro=False).matrix
    size = _CODE / len(rows)
    page.set_fill_color(*INK)
    for down, row in enumerate(rows):
        for along, dark in enumerate(row):
            if dark:
                # A hair larger than its place, or printers leave white lines between them.
                page.rect(x + along * size, y + down * size, size + 0.02, size + 0.02, style="F")


def _note(page: Page) -> None:
    page.set_font(FONT, size=9)
    page.set_text_color(*QUIET)
    page.set_y(_TOP + _HEAD + _JOURNEY + _BODY + 5)
    for told in (
        _("Show this code when you board, on paper or on your phone."),
        _("All times are those on the clocks of the places."),
    ):
        page.multi_cell(0, 5.5, told, align=page.start, new_x="LMARGIN", new_y="NEXT")
    page.set_text_color(*INK)


def _put(page: Page, text: str, top: float, height: float, side: Side, *, width: float = 0) -> None:
    """A line inside the ticket, smaller if it would not fit."""
    whole = page.epw - 2 * _PAD
    width = width or (whole / 2 if side != "C" else whole)
    while page.get_string_width(text) > width and page.font_size_pt > _SMALLEST:
        page.set_font_size(page.font_size_pt - 0.5)
    page.set_xy(MARGIN + _PAD + (whole - width if side == "R" else 0), top)
    page.cell(width, height, text, align=side)
