"""Places, trips and seats over REST."""

import pytest
from django.core.cache import cache
from django.utils.dateparse import parse_datetime

from bookings.models import SeatClaim
from bookings.queries import SCHEDULE
from tests.world import FEE, PRICE, hold_seats, in_days, make_trip, make_user


def search(api, **more):
    return api.get("/trips", **{"origin": "A", "destination": "C", "date": in_days(7).isoformat(), **more})


def test_places_are_found_by_code_name_and_city(nobody):
    make_trip("RUH", "JED")
    assert [place["code"] for place in nobody.get("/places").json()["results"]] == ["JED", "RUH"]
    assert [place["code"] for place in nobody.get("/places", q="je").json()["results"]] == ["JED"]
    assert nobody.get("/places", q="\x00").status_code == 400
    assert nobody.get("/places", q="nowhere").json() == {"results": [], "next": None, "previous": None}


def test_search_gives_trips_of_the_local_day_with_price_and_seats(nobody):
    trip = make_trip("A", "B", "C")
    hold_seats(trip, "1A", "1B", origin="A", destination="B")
    (found,) = search(nobody).json()["results"]
    assert found["id"] == str(trip.pk)
    assert found["price"] == {"amount": 2 * PRICE + FEE, "currency": "SAR"}
    assert found["seats_left"] == 18
    assert found["origin"] == {"code": "A", "name": "A"}
    assert parse_datetime(found["departs_at"]).utcoffset().total_seconds() == 3 * 3600
    assert found["departs_at"].startswith(f"{in_days(7)}T09:00")
    assert search(nobody, origin="B").json()["results"][0]["seats_left"] == 20
    assert search(nobody, date=in_days(8).isoformat()).json()["results"] == []


def test_search_leaves_out_trips_without_enough_seats_and_those_not_on_sale(nobody):
    trip = make_trip("A", "B", "C", rows=1)
    hold_seats(trip, "1A", "1B")
    assert len(search(nobody, passengers=2).json()["results"]) == 1
    assert search(nobody, passengers=3).json()["results"] == []
    trip.close(reason="")
    SCHEDULE.forget()
    assert search(nobody).json()["results"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"origin": "NOPE"}, "origin"),
        ({"origin": ""}, "origin"),
        ({"date": "tomorrow"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "9999-12-31"}, "date"),
        ({"passengers": 0}, "passengers"),
        ({"passengers": "two"}, "passengers"),
        ({"destination": "A"}, "destination"),
    ],
)
def test_wrong_parameters_are_named(nobody, wrong, field):
    make_trip("A", "B", "C")
    answer = search(nobody, **wrong)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "validation_error"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_longest_lists_go_on_by_cursor(nobody):
    for number in range(53):
        make_trip("A", "C", number=f"T{number}")
    first = search(nobody).json()
    assert (len(first["results"]), first["previous"]) == (50, None)
    cursor = first["next"].split("cursor=")[1]
    second = search(nobody, cursor=cursor.replace("%3D", "=")).json()
    assert (len(second["results"]), second["next"]) == (3, None)
    numbers = {trip["number"] for page in (first, second) for trip in page["results"]}
    assert len(numbers) == 53
    assert search(nobody, cursor="AAAA").status_code == 400


def test_a_trip_tells_its_stops_and_policy(nobody):
    trip = make_trip("A", "B", "C")
    answer = nobody.get(f"/trips/{trip.pk}").json()
    assert [(stop["code"], stop["position"]) for stop in answer["stops"]] == [("A", 0), ("B", 1), ("C", 2)]
    assert answer["cancellation_policy"][0] == {"hours_before": 24, "refund_percent": 80}
    assert nobody.get(f"/trips/{trip.pk}", origin="B").json()["price"]["amount"] == PRICE + FEE
    for unknown in (0, 10**18, 10**30):
        assert nobody.get(f"/trips/{unknown}").status_code == 404


def test_the_whole_vehicle_comes_in_one_answer_with_the_state_of_the_stretch(api, stranger):
    trip = make_trip("A", "B", "C")
    hold_seats(trip, "1A", origin="A", destination="B", owner_id=api.user.pk)
    SeatClaim.objects.create(trip=trip, seat=trip.seat_map.seats.get(number="1D"), leg=0)

    def states(caller, **stretch):
        seats = caller.get(f"/trips/{trip.pk}/seats", **stretch).json()["seats"]
        assert len(seats) == 20
        return {seat["number"]: seat["status"] for seat in seats if seat["status"] != "free"}

    assert states(api) == {"1A": "yours", "1D": "blocked"}
    assert states(stranger) == {"1A": "held", "1D": "blocked"}
    assert states(api, origin="B") == {}
    assert api.get(f"/trips/{trip.pk}/seats", origin="C", destination="A").status_code == 404


@pytest.mark.parametrize(("stops", "rows", "bookings"), [(2, 2, 0), (4, 30, 6)])
def test_search_and_seats_take_few_statements_and_none_when_cached(
    nobody, django_assert_max_num_queries, django_assert_num_queries, stops, rows, bookings
):
    trip = make_trip(*"ABCD"[:stops], rows=rows)
    for number in range(bookings):
        hold_seats(trip, f"{number + 1}A")
    asked = {"origin": "A", "destination": "ABCD"[stops - 1]}
    cache.clear()
    with django_assert_max_num_queries(4):
        assert search(nobody, **asked).status_code == 200
    with django_assert_num_queries(0):
        assert len(search(nobody, **asked).json()["results"]) == 1
    with django_assert_max_num_queries(3):
        assert nobody.get(f"/trips/{trip.pk}/seats").status_code == 200


def test_another_users_token_sees_no_more(api, stranger):
    trip = make_trip()
    hold_seats(trip, "1A", owner_id=make_user("third@example.com").pk)
    for caller in (api, stranger):
        seats = caller.get(f"/trips/{trip.pk}/seats").json()["seats"]
        assert {seat["number"]: seat["status"] for seat in seats}["1A"] == "held"
