"""What a booking's template shows of its payment."""

from django import template

from bookings.models import Booking
from payments import queries
from payments.models import Payment

register = template.Library()


@register.simple_tag
def latest_payment(booking: Booking) -> Payment | None:
    """The payment that was started last, if any."""
    return queries.latest_payment(booking)
