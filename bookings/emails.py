"""E-mails about bookings; handlers of the outbox."""

from bookings.models import Booking
from bookings.pages.access import booking_link
from bookings.queries import bookings_in_full
from core import mail
from core.outbox import Message, handles


@handles("booking.confirmed")
def confirmed(message: Message) -> None:
    """The booking is paid and its seats are sold."""
    booking = bookings_in_full().get(pk=message.payload["booking"])
    send_about(message, booking, "booking_confirmed")


def send_about(message: Message, booking: Booking, template: str, **context: object) -> None:
    """An e-mail to the booking's contact, in the language of the booking."""
    mail.send(
        message,
        to=booking.contact_email,
        language=booking.language,
        template=template,
        context={"booking": booking, "link": booking_link(booking), **context},
    )
