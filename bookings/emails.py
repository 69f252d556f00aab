"""E-mails about bookings; handlers of the outbox."""

from collections.abc import Sequence
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
    files = (PDF, CALENDAR) if booking.is_sold else ()
    attachments = [Attachment(file.name(booking), file.content_type, partial(file.make, booking)) for file in files]
    send_about(message, booking, "booking_confirmed", attachments)


@handles("booking.hold_ends")
def hold_ends(message: Message) -> None:
    """The seats are not paid for, and will soon be anybody's."""
    booking = bookings_in_full().get(pk=message.payload["booking"])
    now = timezone.now()
    if booking.status in Booking.HOLDING and now < booking.expires_at <= now + NOTICE:
        minutes = ceil((booking.expires_at - now).total_seconds() / 60)
        send_about(message, booking, "hold_ends", minutes=minutes, total=booking.owed)


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
