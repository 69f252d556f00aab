"""A booking that is about to be paid."""

import pytest

from bookings.models import Booking
from payments.actions.start import start_payment
from payments.models import Payment
from tests.world import hold_seats, make_trip


@pytest.fixture
def booking(sandbox) -> Booking:
    return hold_seats(make_trip(), "1A", "1B")


@pytest.fixture
def payment(booking) -> Payment:
    return start_payment(booking.pk).payment
