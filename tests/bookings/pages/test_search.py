"""Searching: what is found, what is said when nothing is, what is kept when the form is wrong."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils.timezone import now

from bookings.models import Place, SeatClaim
from tests.bookings.pages.conftest import text_of
from tests.world import hold_seats, in_days, make_trip

pytestmark = pytest.mark.django_db


def trips_url(language: str = "en", **query: object) -> str:
    asked = {"origin": "RUH", "destination": "JED", "date": in_days(7), "passengers": 1, **query}
    return f"/{language}/trips?{urlencode(asked)}"


def test_the_root_leads_to_the_readers_language(client):
    assert client.get("/", headers={"accept-language": "ar"}).url == "/ar/"
    assert client.get("/").url == "/en/"


def test_the_first_page_offers_every_place_in_its_group_and_language(visitor, trip):
    Place.objects.filter(code="RUH").update(kind="airport", city_ar="الرياض")
    english, arabic = visitor.get("/en/").content.decode(), visitor.get("/ar/").content.decode()
    assert re.search(r'<optgroup label="Airports">\s*<option value="RUH">RUH \(RUH\)', english)
    assert re.search(r'<optgroup label="Bus stations">\s*<option value="JED">', english)
    assert "الرياض (RUH)" in arabic
    assert '<html lang="ar" dir="rtl">' in arabic


def test_a_result_shows_local_times_duration_price_and_seats(visitor, trip):
    Place.objects.filter(code="JED").update(timezone="Asia/Dubai")  # an hour ahead of Riyadh
    page = text_of(visitor.get(trips_url()))
    assert "09:00" in page
    assert "11:00" in page
    assert " 1 h " in page
    assert "SAR 105.00 per passenger" in page
    assert "20 seats left" in page


def test_an_arrival_after_midnight_is_marked(visitor):
    make_trip("RUH", *(f"S{n}" for n in range(16)), "JED")
    assert "+1 day" in text_of(visitor.get(trips_url()))


def test_a_full_trip_is_sold_out_and_cannot_be_chosen(visitor):
    trip = make_trip("RUH", "JED", rows=1)
    hold_seats(trip, "1A", "1B", "1C", "1D")
    answer = visitor.get(trips_url())
    assert "Sold out" in text_of(answer)
    assert f"/trips/{trip.pk}/seats" not in answer.content.decode()


def test_too_few_seats_are_said_and_other_days_offered(visitor):
    hold_seats(make_trip("RUH", "JED", rows=1), "1A", "1B", "1C")
    make_trip("RUH", "JED", days=9)
    answer = visitor.get(trips_url(passengers=2))
    assert "1 seat left" in text_of(answer)
    assert "Too few for you" in text_of(answer)
    assert trips_url(date=in_days(9), passengers=2).replace("&", "&amp;") in answer.content.decode()


def test_an_empty_day_offers_the_nearest_days(visitor):
    for days in (3, 5, 8, 12, 30):
        make_trip("RUH", "JED", days=days)
    answer = visitor.get(trips_url(date=in_days(7)))
    assert "Nothing runs on this day" in text_of(answer)
    assert [day for day, _url in answer.context["other_days"]] == [in_days(days) for days in (3, 5, 8, 12)]


def test_a_pair_of_places_without_any_trip_says_so(visitor, trip):
    page = text_of(visitor.get(trips_url(origin="JED", destination="RUH")))
    assert "We have no trips from JED to RUH" in page


def test_the_day_before_today_is_not_offered(visitor, trip):
    today = now().astimezone(Place.objects.get(code="RUH").zone).date()
    answer = visitor.get(trips_url(date=today))
    assert "previous_day" not in answer.context
    assert answer.context["next_day"] == trips_url(date=today + timedelta(days=1))


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"origin": "XXX"}, "origin", "We do not know this place."),
        ({"origin": ""}, "origin", "This field is required."),
        ({"destination": "RUH"}, "destination", "Choose another place than the one you start from."),
        ({"date": "soon"}, "date", "Enter a valid date."),
        ({"date": "2020-01-01"}, "date", "This day has passed."),
        ({"date": "2999-01-01"}, "date", "This day is too far ahead."),
        ({"passengers": "0"}, "passengers", "Ensure this value is greater than or equal to 1."),
        ({"passengers": "99"}, "passengers", "Ensure this value is less than or equal to 10."),
        ({"passengers": "x"}, "passengers", "Enter a whole number."),
    ],
)
def test_a_wrong_search_is_shown_again_with_its_errors_and_everything_typed(visitor, trip, wrong, field, said):
    answer = visitor.get(trips_url(**wrong))
    assert answer.status_code == 200
    assert answer.context["form"].errors == {field: [said]}
    page = answer.content.decode()
    assert page.count(said) == 2  # at the top, and at the field
    for name, value in {"date": in_days(7), "passengers": 1}.items():
        if name not in wrong:
            assert f'name="{name}" value="{value}"' in page
    if "origin" not in wrong:
        assert re.search(r'<option value="RUH" selected', page)


def test_without_a_number_of_passengers_there_is_one(visitor, trip):
    assert visitor.get(trips_url(passengers="")).context["passengers"] == 1


def test_trips_without_a_question_leads_to_the_search(visitor):
    assert visitor.get("/en/trips").url == "/en/"


def test_the_language_link_keeps_the_search(visitor, trip):
    assert trips_url("ar").replace("&", "&amp;") in visitor.get(trips_url("en")).content.decode()


def test_the_first_page_links_each_line_to_tomorrows_trips(visitor, trip):
    assert trips_url(date=in_days(1)).replace("&", "&amp;") in visitor.get("/en/").content.decode()


def test_a_search_costs_few_queries(visitor, trip, django_assert_num_queries):
    with django_assert_num_queries(4):  # places of the form, places and trips found, free seats
        visitor.get(trips_url())
    with django_assert_num_queries(1):  # the rest comes from the cache
        visitor.get(trips_url())
    assert not SeatClaim.objects.exists()
