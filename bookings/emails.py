"""E-mails about bookings; handlers of the outbox."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from math import ceil

from django.utils import timezone

from bookings.actions.remind import NOTICE
from bookings.models import Booking
from bookings.pages.access import booking_link
from bookings.queries import bookings_in_full
from bookings.tickets.files import CALENDAR, PDF
from core import mail
from core.mail import Attachment
from core.outbox import Message, handles


@handles("booking.confirmed")
def confirmed(message: Message) -> None:
    """The booking is paid and its seats are sold; the ticket goes with it."""
    booking = bookings_in_full().get(pk=message.payload["booking"])
    # Sent late, it may tell of a booking that was given up meanwhile.
    send_about(message, booking, "booking_confirmed", _ticket_of(booking))


@handles("booking.hold_ends")
def hold_ends(message: Message) -> None:
    """The seats are not paid for, and will soon be anybody's."""
    booking = bookings_in_full().get(pk=message.payload["booking"])
    now = timezone.now()
    if booking.status in Booking.HOLDING and now < booking.expires_at <= now + NOTICE:
        minutes = ceil((booking.expires_at - now).total_seconds() / 60)
        send_about(message, booking, "hold_ends", minutes=minutes, total=booking.owed)


@handles("trip.delayed")
def trip_delayed(message: Message) -> None:
    """The trip leaves later than when the seats were sold or held; the ticket with the new times goes with it."""
    booking = bookings_in_full().get(pk=message.payload["booking"])
    if booking.is_sold or booking.status in Booking.HOLDING:
        before = datetime.fromisoformat(message.payload["before"])
        send_about(message, booking, "trip_delayed", _ticket_of(booking), before=before)


def _ticket_of(booking: Booking) -> list[Attachment]:
    """The ticket and the entry for the calendar, of a booking that has any."""
    files = (PDF, CALENDAR) if booking.is_sold else ()
    return [Attachment(file.name(booking), file.content_type, partial(file.make, booking)) for file in files]


def send_about(
    message: Message, booking: Booking, template: str, attachments: Sequence[Attachment] = (), **context: object
) -> None:
    """An e-mail to the booking's contact, in the language of the booking."""
    mail.send(
        message,
        to=booking.contact_email,
        language=booking.language,
        template=template,
        context={"booking": booking, "link": booking_link(booking), **context},
        attachments=attachments,
    )
