"""Making trips in the admin, and changing when and where they stop."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from bookings.models import Fare, SeatClaim, Trip
from bookings.queries import search_trips
from tests.admin.scene import errors_of, form_of, fresh, page
from tests.world import hold_seats, in_days, make_seat_map, make_trip


# -------------------------------------------------------------------------------------------------------------- stops
def test_stops_are_shown_and_typed_by_the_clock_of_their_place(root, django_capture_on_commit_callbacks):
    trip = make_trip()  # 9:00 in Riyadh, UTC+3
    form = form_of(root.get(page(trip, "change")))
    assert form["stops-0-departs_at"].hour == 9
    day = trip.service_date.isoformat()
    later = {f"stops-0-{name}": f"{day}T09:40" for name in ("arrives_at", "departs_at", "sales_end_at")}
    assert f'value="{day}T09:00"' in root.get(page(trip, "change")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        response = root.post(page(trip, "change"), form | later)
    assert response.status_code == 302, errors_of(response)
    assert trip.stops.first().departs_at == datetime.fromisoformat(f"{day}T06:40").replace(tzinfo=UTC)
    assert search_trips("RUH", "JED", trip.service_date).trips[0].trip.departs_at.minute == 40


@pytest.mark.parametrize(
    ("name", "time", "error"),
    [
        ("stops-0-departs_at", "08:59", "It departs before it arrives."),
        ("stops-0-sales_end_at", "09:01", "Sales end at departure at the latest."),
        ("stops-0-departs_at", "10:01", "Each stop is reached after the one before it was left."),
        ("stops-0-departs_at", "soon", "Enter a valid date/time."),
    ],
)
def test_stops_that_do_not_follow_each_other_are_refused(root, name, time, error):
    trip = make_trip()
    form = form_of(root.get(page(trip, "change")))
    response = root.post(page(trip, "change"), form | {name: f"{trip.service_date}T{time}"})
    assert error in str(errors_of(response))
    assert not LogEntry.objects.exists()


def test_a_trip_stays_on_its_date(root):
    trip = make_trip()
    form = form_of(root.get(page(trip, "change")))
    earlier = (trip.service_date - timedelta(days=1)).isoformat()
    before = {f"stops-0-{name}": f"{earlier}T09:00" for name in ("arrives_at", "departs_at", "sales_end_at")}
    response = root.post(page(trip, "change"), form | before)
    assert "on its own date" in str(errors_of(response))


@pytest.mark.parametrize("taken", ["held", "blocked"])
def test_once_a_seat_is_taken_the_stops_the_number_and_the_seats_stay(root, taken):
    trip = make_trip()
    free = form_of(root.get(page(trip, "change")))
    if taken == "held":
        hold_seats(trip)
    else:
        SeatClaim.objects.create(trip=trip, seat=trip.seat_map.seats.first(), leg=0)
    form = form_of(root.get(page(trip, "change")))
    assert not {"number", "seat_map", "stops-0-departs_at"} & set(form)

    day = trip.service_date.isoformat()
    moved = {"stops-0-departs_at": f"{day}T09:40", "stops-0-arrives_at": f"{day}T09:40", "number": "T9"}
    assert root.post(page(trip, "change"), free | moved).status_code == 302
    assert fresh(trip).number == "T1"
    assert trip.stops.first().departs_at.minute == 0


def test_a_trip_with_bookings_is_not_deleted_and_one_without_is(root, django_capture_on_commit_callbacks):
    sold, unsold = make_trip(), make_trip(number="T2")
    hold_seats(sold)
    assert root.post(page(sold, "delete"), {"post": "yes"}).status_code == 403
    assert len(search_trips("RUH", "JED", sold.service_date).trips) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert root.post(page(unsold, "delete"), {"post": "yes"}).status_code == 302
    assert list(Trip.objects.all()) == [sold]
    assert len(search_trips("RUH", "JED", sold.service_date).trips) == 1


# ---------------------------------------------------------------------------------------------------------- new trips
def new_trip(like: Trip, **other) -> dict:
    return {
        "route": like.route_id,
        "seat_map": like.seat_map_id,
        "number": "T7",
        "service_date": in_days(9).isoformat(),
        "departs": "21:15",
        **other,
    }


def test_a_new_trip_runs_by_its_route_and_costs_what_the_last_one_did(as_role, django_capture_on_commit_callbacks):
    old = make_trip("RUH", "JED", "CAI")
    staff = as_role("staff")
    assert search_trips("RUH", "CAI", in_days(9)).trips == []
    with django_capture_on_commit_callbacks(execute=True):
        response = staff.post(page(Trip, "add"), new_trip(old))
    assert response.status_code == 302, errors_of(response)
    trip = Trip.objects.get(number="T7")
    assert response["Location"] == page(trip, "change")
    assert [(stop.place.code, f"{stop.departs_at.astimezone(stop.place.zone):%H:%M}") for stop in trip.stops.all()] == [
        ("RUH", "21:15"), ("JED", "22:25"), ("CAI", "23:25"),
    ]  # fmt: skip
    assert list(trip.fares.values_list("amount")) == list(old.fares.values_list("amount"))
    assert (trip.currency, trip.booking_fee) == (old.currency, old.booking_fee)
    assert [found.trip.number for found in search_trips("RUH", "CAI", in_days(9)).trips] == ["T7"]
    assert LogEntry.objects.get().object_id == str(trip.pk)


def test_fares_are_not_taken_over_when_the_route_stops_elsewhere_now(root):
    old = make_trip("RUH", "JED", "CAI")
    old.route.stops.last().delete()
    assert root.post(page(Trip, "add"), new_trip(old)).status_code == 302
    assert not Trip.objects.get(number="T7").fares.exists()


def test_a_trip_is_not_made_twice_nor_with_anothers_vehicle(root):
    old, foreign = make_trip(), make_trip(currency="NGN", number="T2")
    twice = new_trip(old, number=old.number, service_date=old.service_date.isoformat())
    assert "of this number" in str(errors_of(root.post(page(Trip, "add"), twice)))
    seats = make_seat_map(foreign.operator, 5)
    assert "another operator" in str(errors_of(root.post(page(Trip, "add"), new_trip(old, seat_map=seats.pk))))
    form = form_of(root.get(page(old, "change"))) | {"seat_map": seats.pk}
    assert "another operator" in str(errors_of(root.post(page(old, "change"), form)))
    assert Trip.objects.count() == 2


def test_a_number_is_given_once_a_day(root):
    trip = make_trip()
    make_trip(number="T2")
    form = form_of(root.get(page(trip, "change"))) | {"number": "T2"}
    assert "of this number" in str(errors_of(root.post(page(trip, "change"), form)))
    response = root.post(page(trip, "change"), form | {"number": "T3"})
    assert response.status_code == 302, errors_of(response)
    assert fresh(trip).number == "T3"


def test_a_stretch_has_one_fare_of_a_class(root):
    trip = make_trip()
    form = form_of(root.get(page(trip, "change"))) | {"fares-TOTAL_FORMS": "2"}
    again = {name.replace("-0-", "-1-"): value for name, value in form.items() if name.startswith("fares-0-")}
    response = root.post(page(trip, "change"), form | again | {"fares-1-id": ""})
    assert "duplicate" in str(errors_of(response))
    assert Fare.objects.filter(trip=trip).count() == 1
