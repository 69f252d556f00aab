"""Terms of cancellation as staff write them, at each level, and as they read them everywhere else."""

from datetime import time

import pytest

from bookings.actions.schedule_trip import schedule_trip
from bookings.models import Fare, Operator, Passenger, Route
from tests.admin.scene import errors_of, form_of, fresh, page, pay, text_of
from tests.world import hold_seats, in_days, make_trip

TYPED = "48 h: 100 %\n24h 80 less 10.00\n0: 5% LESS 1"
TIERS = [
    {"hours_before": 48, "refund_percent": 100},
    {"hours_before": 24, "refund_percent": 80, "fee": 1_000},
    {"hours_before": 0, "refund_percent": 5, "fee": 100},
]
IN_WORDS = "24 h or more before departure: 80 % back, less SAR 10.00 a seat"
OPERATORS = "24 h or more before departure: 80 % back"


def saved(client, row, **typed: str):
    """The row after its page was saved with this typed into it."""
    response = client.post(page(row, "change"), form_of(client.get(page(row, "change"))) | typed)
    assert response.status_code == 302, errors_of(response)
    return fresh(row)


@pytest.fixture
def trip():
    return make_trip()


@pytest.mark.parametrize("level", ["operator", "route"])
def test_a_fee_a_seat_is_typed_in_major_units_and_comes_back_as_it_was(root, trip, level):
    row = getattr(trip, level)
    assert saved(root, row, cancellation_policy=TYPED).cancellation_policy == TIERS
    typed = form_of(root.get(page(row, "change")))["cancellation_policy"]
    assert typed == "48 h: 100 %\n24 h: 80 % less 10.00\n0 h: 5 % less 1.00"
    assert saved(root, row).cancellation_policy == TIERS


@pytest.mark.parametrize(("currency", "typed", "fee"), [("KWD", "0.125", 125), ("JPY", "500", 500), ("NGN", "5", 500)])
def test_fees_are_counted_as_their_currency_is(root, currency, typed, fee):
    route = make_trip(currency=currency).route
    saved(root, route, cancellation_policy=f"0 h: 50 % less {typed}")
    assert fresh(route).cancellation_policy[0]["fee"] == fee
    assert form_of(root.get(page(route, "change")))["cancellation_policy"].split("less ")[1].startswith(typed)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("24 h: 80 % less", "is no tier like “24 h: 80 % less 10.00”"),
        ("24 h: 80 % less -1", "is no tier like"),
        ("24 h: 80 % less 1,000", "is no tier like"),
        ("24 h: 80 % less 10.005", "“10.005” is no amount of SAR."),
        ("24 h: 80 % plus 10", "is no tier like"),
        ("0 h: 50 %\n24 h: 80 %", "Order the tiers"),
        ("24 h: 101 %", "between 0 and 100 percent"),
    ],
)
@pytest.mark.parametrize("level", ["operator", "route"])
def test_terms_that_make_no_sense_are_refused(root, trip, level, typed, error):
    row = getattr(trip, level)
    before = row.cancellation_policy
    form = form_of(root.get(page(row, "change"))) | {"cancellation_policy": typed}
    assert error in str(errors_of(root.post(page(row, "change"), form)))
    assert fresh(row).cancellation_policy == before


def test_an_operator_needs_terms_and_a_route_does_not(root, trip):
    form = form_of(root.get(page(trip.operator, "change"))) | {"cancellation_policy": " "}
    assert "This field is required." in str(errors_of(root.post(page(trip.operator, "change"), form)))
    saved(root, trip.route, cancellation_policy=TYPED)
    assert saved(root, trip.route, cancellation_policy=" \n").cancellation_policy is None


def test_a_new_route_counts_fees_as_its_operator_does(root, trip):
    form = form_of(root.get(page(trip.route, "change")))
    new = {name: value for name, value in form.items() if not name.endswith(("-id", "-route"))}
    new |= {"name": "New", "cancellation_policy": "0 h: 50 % less 1.50", "stops-INITIAL_FORMS": "0"}
    assert "is no amount of ?" in str(errors_of(root.post(page(Route, "add"), new | {"operator": ""})))
    response = root.post(page(Route, "add"), new)
    assert response.status_code == 302, errors_of(response)
    assert Route.objects.get(name="New").cancellation_policy[0]["fee"] == 150


def test_a_fare_has_terms_of_its_own_or_those_above(root, trip):
    assert saved(root, trip).fares.get().cancellation_policy is None
    saved(root, trip, **{"fares-0-cancellation_policy": "0 h: 10 % less 2.50"})
    terms = [{"hours_before": 0, "refund_percent": 10, "fee": 250}]
    assert Fare.objects.get().cancellation_policy == terms
    assert form_of(root.get(page(trip, "change")))["fares-0-cancellation_policy"] == "0 h: 10 % less 2.50"
    booking = hold_seats(trip, "1A")
    saved(root, trip, **{"fares-0-cancellation_policy": ""})
    assert Fare.objects.get().cancellation_policy is None
    assert Passenger.objects.get(booking=booking).cancellation_policy == terms
    text = text_of(root, page(booking, "change"))
    assert "0 h or more before departure: 10 % back, less SAR 2.50 a seat" in text  # this seat's
    assert OPERATORS in text  # the booking's


def test_terms_are_told_in_words_to_who_may_only_look(root, as_role, trip):
    auditor = as_role("auditor")
    assert "the operator's" in text_of(auditor, page(trip.route, "change")).replace("&#x27;", "'")
    assert "the route's, else the operator's" in text_of(auditor, page(trip, "change")).replace("&#x27;", "'")
    for row in (trip.operator, trip.route):
        saved(root, row, cancellation_policy=TYPED)
        assert IN_WORDS in text_of(auditor, page(row, "change"))
    saved(root, trip, **{"fares-0-cancellation_policy": "0 h: 10 % less 2.50"})
    text = text_of(auditor, page(trip, "change"))
    assert IN_WORDS in text  # the trip's, which are the route's
    assert "10 % back, less SAR 2.50 a seat" in text


def test_a_booking_keeps_the_terms_that_it_was_made_on(root, trip):
    booking = pay(hold_seats(trip, "1A")).booking
    saved(root, trip.route, cancellation_policy=TYPED)
    assert IN_WORDS not in text_of(root, page(booking, "change"))
    assert IN_WORDS in text_of(root, page(hold_seats(trip, "2A"), "change"))


def test_terms_of_the_route_hold_for_its_next_trip(root, trip):
    saved(root, trip.route, cancellation_policy=TYPED)
    fares = {("standard", 0, 1): 100}
    route = Route.objects.get(pk=trip.route_id)
    new = schedule_trip(
        route=route, seat_map=trip.seat_map, number="T9", service_date=in_days(9), departs=time(9), fares=fares
    )
    assert fresh(new).cancellation_policy == TIERS
    assert Operator.objects.get().cancellation_policy != TIERS
