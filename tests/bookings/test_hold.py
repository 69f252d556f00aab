"""Holding seats: all or none, by leg, for a time."""

from datetime import timedelta

import pytest
from django.db import connection

from bookings.actions.extend import extend
from bookings.actions.hold import Contact, Traveller, hold
from bookings.errors import HoldExpired, HoldLimitReached, SeatUnavailable, TooManySeats, TripClosed
from bookings.models import Booking, SeatClaim
from core.errors import FieldsInvalid, NotFound
from tests.clock import turned_to
from tests.database import age_hold
from tests.world import CONTACT, FEE, PRICE, hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db


def legs_of(booking: Booking) -> list[tuple[str, int]]:
    return sorted(SeatClaim.objects.filter(booking=booking).values_list("seat__number", "leg"))


def test_a_hold_claims_each_seat_on_each_leg_of_the_stretch():
    trip = make_trip("A", "B", "C", "D")
    booking = hold_seats(trip, "1A", "1B", origin="A", destination="C")
    assert legs_of(booking) == [("1A", 0), ("1A", 1), ("1B", 0), ("1B", 1)]
    assert booking.status == "pending"
    assert booking.expires_at - booking.created_at == timedelta(minutes=15)


def test_a_hold_ends_as_time_passes_and_its_seat_is_free_for_somebody_else():
    trip = make_trip()
    first = hold_seats(trip, "1A")
    with turned_to(first.expires_at - timedelta(seconds=30)) as clock:
        with pytest.raises(SeatUnavailable):
            hold_seats(trip, "1A")
        clock.move_to(first.expires_at)
        with pytest.raises(HoldExpired):
            extend(first.pk)
        second = hold_seats(trip, "1A")
        assert second.expires_at - first.expires_at == pytest.approx(timedelta(minutes=15), abs=timedelta(seconds=10))
        assert legs_of(second) == [("1A", 0)]
        assert legs_of(first) == []


def test_the_price_is_the_fare_with_its_tax_and_the_fee_for_each_seat():
    booking = hold_seats(make_trip(), "1A", "1B")
    assert booking.fare_amount + booking.tax_amount == 2 * PRICE
    assert booking.tax_amount == 2 * 1_304  # 15 % within 100.00
    assert booking.fee_amount == 2 * FEE
    assert booking.total.amount == 2 * (PRICE + FEE)
    assert sum(passenger.price for passenger in booking.passengers.all()) == booking.total.amount


def test_a_seat_sells_again_on_another_leg_and_conflicts_where_stretches_overlap():
    trip = make_trip("A", "B", "C", "D")
    hold_seats(trip, "1A", origin="A", destination="B")
    hold_seats(trip, "1A", origin="B", destination="D")
    with pytest.raises(SeatUnavailable) as refused:
        hold_seats(trip, "1A", "1B", origin="A", destination="C")
    assert refused.value.members == {"seats": ["1A"]}
    assert not SeatClaim.objects.filter(seat__number="1B").exists()
    assert Booking.objects.count() == 2


def test_a_refused_hold_names_every_seat_that_failed_and_keeps_none():
    trip = make_trip()
    hold_seats(trip, "1A", "1C")
    with pytest.raises(SeatUnavailable) as refused:
        hold_seats(trip, "1A", "1B", "1C")
    assert refused.value.members["seats"] == ["1A", "1C"]
    assert SeatClaim.objects.filter(seat__number="1B").count() == 0


def test_ones_own_held_seat_is_not_free_either():
    trip, user = make_trip(), make_user()
    hold_seats(trip, "1A", owner_id=user.pk)
    with pytest.raises(SeatUnavailable):
        hold_seats(trip, "1A", owner_id=user.pk)


def test_unknown_seats_trips_and_stretches_are_named():
    trip = make_trip("A", "B")
    with pytest.raises(FieldsInvalid) as refused:
        hold_seats(trip, "99Z")
    assert refused.value.errors[0]["field"] == "seats"
    with pytest.raises(NotFound):
        hold_seats(trip, origin="B", destination="A")
    with pytest.raises(NotFound):
        hold(trip_id=10**15, origin="A", destination="B", seats=["1A"], contact=CONTACT)
    assert Booking.objects.count() == 0


def test_a_trip_that_is_closed_or_past_its_sale_is_refused():
    trip = make_trip()
    trip.close(reason="weather")
    with pytest.raises(TripClosed):
        hold_seats(trip)
    late = make_trip(number="T2")
    late.stops.filter(position=0).update(sales_end_at=late.stops.first().departs_at - timedelta(days=30))
    with pytest.raises(TripClosed):
        hold_seats(late)
    assert SeatClaim.objects.count() == 0


def test_one_person_holds_only_so_many_seats_at_once(settings):
    settings.MAX_HELD_SEATS = 3
    trip, user = make_trip(), make_user()
    hold_seats(trip, "1A", "1B", owner_id=user.pk)
    with pytest.raises(TooManySeats):
        hold_seats(trip, "1C", "1D", owner_id=user.pk)
    with pytest.raises(TooManySeats):
        hold_seats(trip, "2A", "2B", "2C", "2D")
    hold_seats(trip, "1C", owner_id=user.pk)
    assert SeatClaim.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_ended_hold_is_taken_over_without_any_sweeper():
    trip = make_trip()
    first = hold_seats(trip, "1A", "1B")
    age_hold(first)
    second = hold_seats(trip, "1A")
    assert legs_of(second) == [("1A", 0)]
    assert legs_of(first) == [("1B", 0)]


@pytest.mark.django_db(transaction=True)
def test_extending_moves_the_end_up_to_the_limit_and_then_no_further():
    booking = hold_seats(make_trip(), "1A")
    age_hold(booking, 10)
    extended = extend(booking.pk)
    lasts = extended.expires_at - extended.created_at  # ten minutes passed, and it runs another fifteen
    assert timedelta(minutes=25) <= lasts < timedelta(minutes=26)
    assert SeatClaim.objects.get().expires_at == extended.expires_at
    age_hold(booking, 10)
    last = extend(booking.pk)
    assert last.expires_at == last.hold_limit
    assert not last.hold_extendable
    with pytest.raises(HoldLimitReached):
        extend(booking.pk)
    assert SeatClaim.objects.get().expires_at == last.expires_at


@pytest.mark.django_db(transaction=True)
def test_an_ended_hold_cannot_be_extended():
    booking = hold_seats(make_trip())
    age_hold(booking)
    with pytest.raises(HoldExpired):
        extend(booking.pk)


@pytest.mark.parametrize(("stops", "seats"), [(2, 1), (4, 4)])
def test_a_hold_takes_few_statements_however_many_seats_and_legs(django_assert_max_num_queries, stops, seats):
    trip, user = make_trip(*"ABCD"[:stops]), make_user()
    for _ in range(3):
        hold_seats(trip, "5A", "5B", owner_id=user.pk)
        connection.cursor().execute("UPDATE bookings_seatclaim SET expires_at = now() - interval '1 hour'")
        connection.cursor().execute("UPDATE bookings_booking SET expires_at = now() - interval '1 hour'")
    with django_assert_max_num_queries(8 + 2):  # and the test's own SAVEPOINT and RELEASE
        hold(
            trip_id=trip.pk,
            origin="A",
            destination="ABCD"[stops - 1],
            seats=["1A", "1B", "1C", "1D"][:seats],
            contact=Contact("a@example.com"),
            travellers=[Traveller("1A", "Layla")],
            owner_id=user.pk,
        )
