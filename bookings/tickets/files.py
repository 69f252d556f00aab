"""The files of a sold booking, by name: for its page, for programs and for its e-mail."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse

from bookings.models import Booking
from bookings.tickets.calendar import calendar_of
from bookings.tickets.pdf import ticket_pdf
from core.errors import InvalidState


@dataclass(frozen=True)
class TicketFile:
    """A kind of file: its ending, its type, and how it is made."""

    ending: str
    content_type: str
    make: Callable[[Booking], bytes]

    def name(self, booking: Booking) -> str:
        """What it is called where it is kept."""
        return f"{booking.reference}.{self.ending}"

    def answer(self, booking: Booking) -> HttpResponse:
        """The file. Raises InvalidState for a booking that is not sold."""
        if not booking.is_sold:
            raise InvalidState("Only a confirmed booking has a ticket.", state=booking.status)
        headers = {"Content-Disposition": f'inline; filename="{self.name(booking)}"'}
        return HttpResponse(self.make(booking), content_type=self.content_type, headers=headers)


PDF = TicketFile("pdf", "application/pdf", ticket_pdf)
CALENDAR = TicketFile("ics", "text/calendar", calendar_of)
