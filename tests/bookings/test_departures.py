"""Trips go on by the clock, and bookings with them."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from bookings.actions import move_on
from bookings.actions.cancel_trip import cancel_trip
from bookings.actions.move_on import move_trips_on
from bookings.models import Trip
from core import jobs
from core.models import StatusChange
from tests.clock import turned_to
from tests.payments.scene import fresh
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
NOTHING = {"closed": 0, "departed": 0, "arrived": 0, "unmoved": 0}


def stop(trip: Trip, position: int):
    return trip.stops.get(position=position)


def status_at(trip: Trip, moment: datetime) -> str:
    """What a trip has become when the job runs at a moment, and no earlier."""
    with turned_to(moment):
        move_trips_on()
    return fresh(trip).status


def test_a_trip_is_sold_until_its_last_sale_ends_and_leaves_where_the_last_traveller_boards():
    trip = make_trip("A", "B", "C")
    moments = [
        (stop(trip, 0).departs_at + SECOND, "open"),  # it is sold at the stop ahead
        (stop(trip, 1).sales_end_at - SECOND, "open"),
        (stop(trip, 1).sales_end_at + SECOND, "closed"),
        (stop(trip, 1).departs_at - SECOND, "closed"),
        (stop(trip, 1).departs_at + SECOND, "departed"),
        (stop(trip, 2).arrives_at - SECOND, "departed"),
        (stop(trip, 2).arrives_at + SECOND, "arrived"),
    ]
    assert [status_at(trip, moment) for moment, _status in moments] == [status for _moment, status in moments]
    changes = StatusChange.objects.filter(subject_type="bookings.trip", subject_id=trip.pk)
    assert list(changes.order_by("pk").values_list("to_status", flat=True)) == ["closed", "departed", "arrived"]


def test_a_trip_that_nobody_looked_at_for_long_leaves_and_arrives_at_once():
    trip = make_trip()
    assert status_at(trip, stop(trip, 1).arrives_at + timedelta(days=3)) == "arrived"
    changes = StatusChange.objects.filter(subject_type="bookings.trip").order_by("pk")
    assert list(changes.values_list("from_status", "to_status")) == [("open", "departed"), ("departed", "arrived")]


def test_a_sale_that_ends_late_at_an_early_stop_keeps_the_trip_open():
    trip = make_trip("A", "B", "C")
    early = stop(trip, 0).sales_end_at
    with turned_to(early - timedelta(hours=1)):
        trip.stops.filter(position=1).update(sales_end_at=early - timedelta(hours=2))
        assert move_trips_on() == NOTHING
    assert status_at(trip, early + SECOND) == "closed"


def test_what_staff_closed_stays_closed_and_a_cancelled_trip_stays_cancelled():
    trip = make_trip()
    cancel_trip(trip.pk, reason="Storm")
    assert status_at(trip, stop(trip, 1).arrives_at + SECOND) == "cancelled"


def test_a_second_run_finds_nothing_and_costs_no_more_than_looking(django_assert_num_queries):
    trips = [make_trip(number=f"T{number}") for number in range(3)]
    with turned_to(stop(trips[0], 0).departs_at + SECOND):
        assert jobs.run("earn_departed") == {**NOTHING, "departed": 3, "earned": 0, "unearned": 0}
        with django_assert_num_queries(1):
            assert move_trips_on() == NOTHING


def test_of_two_workers_at_once_one_moves_the_trip():
    trip = make_trip()
    with turned_to(stop(trip, 0).departs_at + SECOND):
        assert move_on._due() == [(trip.pk, "departed")]
        assert move_trips_on()["departed"] == 1
        assert move_on._move_on(trip.pk) is None  # the other one had read that it is due
    assert StatusChange.objects.filter(subject_type="bookings.trip").count() == 1
    connection.check_constraints()


def test_a_trip_that_cannot_be_moved_keeps_no_other_from_it(monkeypatch):
    stuck, trip = make_trip(), make_trip(number="T2")
    real = move_on._move_on
    monkeypatch.setattr(move_on, "_move_on", lambda pk: real(pk) if pk != stuck.pk else 1 / 0)
    with turned_to(stop(trip, 0).departs_at + SECOND):
        assert jobs.run("earn_departed") == {**NOTHING, "departed": 1, "unmoved": 1, "earned": 0, "unearned": 0}
    assert (fresh(stuck).status, fresh(trip).status) == ("open", "departed")
