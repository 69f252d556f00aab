"""The terms that travellers read are those that they are paid by."""

from datetime import timedelta

import pytest

from bookings import policy
from bookings.models import Booking, Operator, Passenger
from bookings.pages.terms import terms
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.world import hold_seats

pytestmark = pytest.mark.django_db

POLICIES = [
    [],
    [{"hours_before": 0, "refund_percent": 100}],
    [{"hours_before": 24, "refund_percent": 80}, {"hours_before": 0, "refund_percent": 0}],
    [{"hours_before": 48, "refund_percent": 100}, {"hours_before": 4, "refund_percent": 50, "fee": 1_000}],
    [{"hours_before": 48, "refund_percent": 10, "fee": 50_000}, {"hours_before": 4, "refund_percent": 5}],
    [{"hours_before": 72, "refund_percent": 0}, {"hours_before": 24, "refund_percent": 10}],
]


def loaded(booking: Booking) -> Booking:
    return Booking.objects.select_related("trip", "boarding").get(pk=booking.pk)


@pytest.mark.parametrize("tiers", POLICIES)
@pytest.mark.parametrize("hours", [100, 72, 50, 48, 47, 24, 23, 5, 4, 3, 0])
def test_the_first_tier_that_is_read_is_the_one_that_pays(trip, tiers, hours):
    Operator.objects.update(cancellation_policy=tiers)
    trip.operator.refresh_from_db()
    booking = loaded(hold_seats(trip, "1A"))
    (passenger,) = booking.live_passengers()
    now = booking.boarding.departs_at - timedelta(hours=hours)
    (read,) = terms(booking, [passenger], now)
    told = 0
    if read.tiers:
        assert read.tiers[0].until > now
        assert read.tiers[-1].percent
        told = max(0, passenger.price * read.tiers[0].percent // 100 - read.tiers[0].fee)
    assert policy.share(passenger, booking, now).back == told


def test_seats_with_the_same_terms_are_told_together(trip):
    booking = loaded(hold_seats(trip, "1A", "1B", "1C"))
    Passenger.objects.filter(booking=booking, seat__number="1B").update(cancellation_policy=[])
    now = booking.boarding.departs_at - timedelta(days=3)
    told = terms(booking, booking.live_passengers(), now)
    assert [(one.seats, len(one.tiers)) for one in told] == [(("1A", "1C"), 1), (("1B",), 0)]


def test_a_fixed_fee_is_told_before_anybody_pays(visitor, trip):
    Operator.objects.update(cancellation_policy=[{"hours_before": 24, "refund_percent": 80, "fee": 1_000}])
    booking = hold_on_page(visitor, trip, "1A")
    page = text_of(visitor.get(booking_url(booking)))
    assert "If you cancel after paying" in page
    assert "80% of the price back, less SAR 10.00 a seat" in page
