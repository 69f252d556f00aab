import pytest
from django.test import Client

from bookings.models import Booking, Trip
from payments.models import Payment
from tests.bookings.pages.conftest import booking_url, hold_on_page, trip, visitor

__all__ = ["paid", "trip", "visitor"]

NAMES = {"1A": "Layla Haddad", "1B": "Omar Saleh"}


@pytest.fixture
def paid(sandbox, visitor, trip) -> Booking:
    """Two seats that the visitor bought, SAR 105.00 each."""
    return buy_on_page(sandbox, visitor, trip)


def buy_on_page(sandbox, visitor: Client, trip: Trip, *seats: str) -> Booking:
    """Hold, name and pay for seats, and come back from the gateway."""
    booking = hold_on_page(visitor, trip, *(seats or NAMES))
    names = {f"name-{seat}": NAMES.get(seat, f"Traveller {seat}") for seat in seats or NAMES}
    assert visitor.post(booking_url(booking, "/pay"), names).status_code == 302
    payment = Payment.objects.get(booking=booking)
    sandbox.pay(payment.session_id)
    visitor.get(f"/en/payments/{payment.pk}/return", follow=True)
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    return booking
