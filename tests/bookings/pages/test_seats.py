"""The seat map and the hold: states told in words, nothing typed lost, a form that is sent twice holds once."""

import re
import threading
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from bookings.models import Booking, SeatClaim, Trip
from tests.bookings.pages.conftest import EMAIL, hold_on_page, seats_url, text_of
from tests.world import hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db


def seat_named(page: str, number: str) -> tuple[str, bool, bool]:
    """A seat's accessible name, and whether it can be picked and is."""
    control = re.search(rf'<input type="checkbox" name="seats" value="{number}"[^>]*>', page)[0]
    return re.search(r'aria-label="([^"]*)"', control)[1], "disabled" not in control, "checked" in control


def block(trip: Trip, seat: str) -> None:
    SeatClaim.objects.create(trip=trip, seat=trip.seat_map.seats.get(number=seat), leg=0, booking=None)


def test_each_seat_says_what_it_is_and_whether_it_is_free(visitor, trip):
    trip.seat_map.seats.filter(number="1A").update(features=["window", "accessible"])
    hold_seats(trip, "1B")
    block(trip, "1C")
    hold_on_page(visitor, trip, "1D")
    page = visitor.get(seats_url(trip)).content.decode()
    assert seat_named(page, "1A") == ("1A, window, accessible, standard, SAR 105.00, free", True, False)
    assert seat_named(page, "1B") == ("1B, standard, SAR 105.00, held by somebody else", False, False)
    assert seat_named(page, "1C") == ("1C, standard, SAR 105.00, not for sale", False, False)
    assert seat_named(page, "1D") == ("1D, standard, SAR 105.00, yours already", False, False)


def test_the_cabin_has_its_rows_and_its_aisle_where_the_vehicle_has_them(visitor, trip):
    page = visitor.get(seats_url(trip)).content.decode()
    cells = re.search(r'<tr><td><input[^>]*value="1A".*?</tr>', page)[0]
    assert re.findall(r'value="(1\w)"|scope="row"[^>]*>(\d+)<', cells) == [
        ("1A", ""), ("1B", ""), ("", "1"), ("1C", ""), ("1D", ""),
    ]  # fmt: skip


def test_picked_seats_are_held_and_the_booking_opens_in_this_browser(visitor, trip):
    booking = hold_on_page(visitor, trip, "1A", "1B", phone="+966 50 123 4567")
    assert (booking.contact_email, booking.contact_phone, booking.language) == (EMAIL, "+966 50 123 4567", "en")
    assert [passenger.seat.number for passenger in booking.live_passengers()] == ["1A", "1B"]
    assert visitor.get(f"/en/bookings/{booking.reference}").status_code == 200


def test_the_language_of_the_page_becomes_that_of_the_booking(visitor, trip):
    visitor.post(seats_url(trip, language="ar"), {"seats": "1A", "email": EMAIL})
    assert Booking.objects.get().language == "ar"


def test_a_booking_of_somebody_signed_in_is_theirs(visitor, trip):
    user = make_user()
    visitor.force_login(user)
    assert f'value="{user.email}"' in visitor.get(seats_url(trip)).content.decode()
    assert hold_on_page(visitor, trip, "1A").owner == user
    assert "bookings" not in visitor.session


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"seats": []}, {"seats": ["Choose at least one seat."]}),
        ({"email": ""}, {"email": ["This field is required."]}),
        ({"email": "layla"}, {"email": ["Enter a valid email address."]}),
        ({"phone": "call me"}, {"phone": ["Write digits, like +966 50 123 4567."]}),
    ],
)
def test_a_wrong_form_holds_nothing_and_keeps_what_was_typed(visitor, trip, typed, errors):
    sent = {"seats": ["1A", "2B"], "email": EMAIL, "phone": "+966 50 123 4567", **typed}
    answer = visitor.post(seats_url(trip), sent)
    assert answer.context["form"].errors == errors
    page = answer.content.decode()
    assert [number for number in ("1A", "1B", "2B") if seat_named(page, number)[2]] == sent["seats"]
    for field in ("email", "phone"):
        assert not sent[field] or f'value="{sent[field]}"' in page
    assert not Booking.objects.exists()


def test_lost_seats_are_named_and_the_rest_of_the_form_is_kept(visitor, trip):
    hold_seats(trip, "1A", "1B")
    answer = visitor.post(seats_url(trip), {"seats": ["1A", "1B", "2A"], "email": "someone@example.com"})
    assert answer.status_code == 409
    assert "Seats 1A, 1B were taken a moment ago. Please choose others." in text_of(answer)
    page = answer.content.decode()
    assert seat_named(page, "1A") == ("1A, standard, SAR 105.00, held by somebody else", False, False)
    assert seat_named(page, "2A")[1:] == (True, True)
    assert 'value="someone@example.com"' in page
    assert Booking.objects.count() == 1


def test_a_seat_that_the_vehicle_does_not_have_is_refused(visitor, trip):
    assert visitor.post(seats_url(trip), {"seats": "99Z", "email": EMAIL}).status_code == 400
    assert not Booking.objects.exists()


def test_a_closed_trip_offers_no_seats_and_holds_none(visitor, trip):
    trip.close(reason="test")
    answer = visitor.get(seats_url(trip))
    assert "This trip is not on sale any more" in text_of(answer)
    assert 'name="seats"' not in answer.content.decode()
    assert visitor.post(seats_url(trip), {"seats": "1A", "email": EMAIL}).status_code == 409
    assert not Booking.objects.exists()


@pytest.mark.parametrize("query", ["origin=JED&destination=RUH", "origin=RUH&destination=RUH", "origin=CAI"])
def test_a_stretch_that_the_trip_does_not_run_is_not_found(visitor, trip, query):
    assert visitor.get(f"/en/trips/{trip.pk}/seats?{query}").status_code == 404


def test_an_unknown_trip_is_not_found(visitor, db):
    assert visitor.get("/en/trips/999999/seats").status_code == 404


@pytest.mark.parametrize("passengers", ["", "0", "-1", "x", "²", "9" * 5000])
def test_a_senseless_number_of_passengers_does_no_harm(visitor, trip, passengers):
    answer = visitor.get(f"/en/trips/{trip.pk}/seats", {"passengers": passengers})
    assert 1 <= answer.context["wanted"] <= settings.MAX_HELD_SEATS


def test_seats_side_by_side_are_picked_on_request(visitor, trip):
    hold_seats(trip, "1A")
    page = visitor.get(f"{seats_url(trip, 2)}&together").content.decode()
    assert [number for number in ("1B", "1C", "1D") if seat_named(page, number)[2]] == ["1C", "1D"]


def test_the_same_form_sent_twice_holds_once(visitor, trip):
    form = {"seats": "1A", "email": EMAIL, "key": uuid.uuid4()}
    first, second = (visitor.post(seats_url(trip), form) for _ in range(2))
    assert first.url == second.url
    assert Booking.objects.count() == 1


def test_the_same_form_with_other_seats_is_another_request(visitor, trip):
    key = uuid.uuid4()
    urls = {visitor.post(seats_url(trip), {"seats": seat, "email": EMAIL, "key": key}).url for seat in ("1A", "1B")}
    assert len(urls) == 2


def test_the_key_of_a_refused_form_can_be_used_again(visitor, trip):
    form = {"seats": "1A", "email": EMAIL, "key": uuid.uuid4()}
    other = hold_seats(trip, "1A")
    assert visitor.post(seats_url(trip), form).status_code == 409
    SeatClaim.objects.filter(booking=other).delete()
    assert visitor.post(seats_url(trip), form).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_lead_to_the_same_booking(trip):
    form = {"seats": ["1A", "1B"], "email": EMAIL, "key": str(uuid.uuid4())}
    begin, answers = threading.Barrier(4), []

    def click() -> None:
        begin.wait()
        answers.append(Client().post(seats_url(trip), form))
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.url for answer in answers}) == 1
    assert Booking.objects.count() == 1


def test_coming_back_shows_the_seats_as_they_are_now(visitor, trip):
    assert "no-store" in visitor.get(seats_url(trip))["Cache-Control"]


def test_the_seat_map_costs_two_queries(visitor, trip, django_assert_num_queries):
    with django_assert_num_queries(2):
        visitor.get(seats_url(trip))


def test_the_seat_map_of_somebody_signed_in_costs_no_more_than_their_session(
    visitor, trip, django_assert_max_num_queries
):
    visitor.force_login(make_user())
    with django_assert_max_num_queries(4):  # and the session, the user
        visitor.get(seats_url(trip))


def test_the_page_of_a_large_vehicle_is_light(visitor):
    trip = make_trip("RUH", "JED", rows=45)
    page = visitor.get(seats_url(trip)).content
    assert page.count(b'name="seats"') == 180
    files = sum((Path(settings.BASE_DIR) / "static" / name).stat().st_size for name in
                ("berth.css", "seats.js", "logo.svg", "favicon.svg"))  # fmt: skip
    assert len(page) + files < 150_000
