"""The terms that a booking is made on: frozen when its seats are held, the route's before the operator's."""

import pytest

from bookings.models import Booking, CountryTax, Operator, Place, Route
from tests.payments.scene import fresh
from tests.world import PRICE, hold_seats, make_place, make_trip

pytestmark = pytest.mark.django_db
TERMS = ("commission_bps", "commission_tax_bps", "tax_bps", "no_show_refund_percent", "operator_bears_disputes")


def terms_of(booking: Booking) -> list[int]:
    return [getattr(booking, term) for term in TERMS]


def test_terms_are_the_operators_and_stay_those_of_the_hold():
    trip = make_trip()
    terms = {"commission_bps": 700, "commission_tax_bps": 1_500, "tax_bps": 500, "no_show_refund_percent": 10}
    Operator.objects.update(**terms, bears_disputes=False)
    booking = hold_seats(trip, "1A")
    assert terms_of(booking) == [700, 1_500, 500, 10, False]

    Operator.objects.update(**dict.fromkeys(terms, 1), bears_disputes=True)
    Route.objects.update(commission_bps=1)
    CountryTax.objects.create(operator=trip.operator, country="SA", tax_bps=1)
    assert terms_of(fresh(booking)) == [700, 1_500, 500, 10, False]
    assert terms_of(hold_seats(trip, "1B")) == [1, 1, 1, 1, True]


@pytest.mark.parametrize("bps", [0, 250])
def test_the_commission_of_a_route_goes_before_the_operators(bps):
    trip = make_trip()
    trip.route.commission_bps = bps
    trip.route.save()
    assert hold_seats(trip, "1A").commission_bps == bps


def test_the_tax_within_a_fare_is_that_of_the_country_where_its_traveller_boards():
    make_place("CAI")
    Place.objects.filter(code="CAI").update(country="EG")
    trip = make_trip("RUH", "CAI", "DXB")
    CountryTax.objects.create(operator=trip.operator, country="EG", tax_bps=1_400)
    other = make_trip(currency="NGN").operator
    CountryTax.objects.create(operator=other, country="SA", tax_bps=0)

    at_home = hold_seats(trip, "1A", origin="RUH", destination="CAI")
    abroad = hold_seats(trip, "1A", origin="CAI", destination="DXB")
    assert (at_home.tax_bps, abroad.tax_bps) == (1_500, 1_400)
    assert abroad.tax_amount == 1_228  # 14 % within 100.00
    assert abroad.fare_amount + abroad.tax_amount == PRICE


def test_a_country_may_have_no_tax_at_all():
    trip = make_trip()
    CountryTax.objects.create(operator=trip.operator, country="SA", tax_bps=0)
    booking = hold_seats(trip, "1A")
    assert (booking.tax_bps, booking.tax_amount, booking.fare_amount) == (0, 0, PRICE)
