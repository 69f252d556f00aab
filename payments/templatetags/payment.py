"""What a booking's template shows of its money."""

from django import template

from bookings.models import Booking
from payments.models import Refund
from payments.pages import money, refund_words, ways
from payments.pages.money import MoneyOf
from payments.pages.ways import Way
from payments.quotes import Quote

register = template.Library()


@register.simple_tag
def money_of(booking: Booking) -> MoneyOf:
    """Its payment, refunds and disputes."""
    return money.money_of(booking)


@register.simple_tag
def cancellation_offer(booking: Booking) -> Quote | None:
    """What giving all of it up would bring now, if it can be."""
    return money.cancellation_offer(booking)


@register.simple_tag
def ways_to_pay(booking: Booking) -> list[Way]:
    """Where it can be paid."""
    return ways.ways_to_pay(booking)


@register.filter
def why(refund: Refund) -> str:
    """Why a refund goes back, for its traveller."""
    return refund_words.why(refund)


@register.filter
def arrival(gateway: str) -> str:
    """How long money takes that was sent back through a gateway."""
    return refund_words.arrival(gateway)
