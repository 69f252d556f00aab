"""Who sees a booking: its owner, the browser that made it, whoever has its link; for all others there is none."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client

from bookings.models import Booking, Passenger
from bookings.pages.access import booking_link, remember, remembered
from core.models import StatusChange
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.world import hold_seats, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(trip) -> Booking:
    return hold_seats(trip, "1A")


@pytest.fixture(params=["nobody", "another user", "another guest"])
def stranger(request, client, trip) -> Client:
    if request.param == "another user":
        client.force_login(make_user("stranger@example.com"))
    if request.param == "another guest":
        hold_on_page(client, trip, "5D")
    return client


@pytest.mark.parametrize("page", ["", "/cancel"])
def test_a_stranger_is_told_that_there_is_no_such_booking(stranger, booking, page):
    theirs, unknown = stranger.get(booking_url(booking, page)), stranger.get(f"/en/bookings/ACDEFGHJ{page}")
    assert theirs.status_code == unknown.status_code == 404
    assert text_of(theirs) == text_of(unknown)
    assert booking.contact_email not in text_of(theirs)


@pytest.mark.parametrize("button", ["passengers", "extend", "pay", "leave", "cancel"])
def test_a_strangers_buttons_do_nothing(stranger, booking, button):
    before = Booking.objects.filter(pk=booking.pk).values().get()
    answer = stranger.post(booking_url(booking, f"/{button}"), {"name-1A": "Somebody Else"})
    assert answer.status_code == 404
    assert Booking.objects.filter(pk=booking.pk).values().get() == before
    assert Passenger.objects.get(booking=booking).full_name == "Traveller 1A"
    assert not booking.payments.exists()
    assert not StatusChange.objects.filter(subject_id=str(booking.pk)).exists()


def test_the_owner_sees_it_in_any_browser(client, trip):
    owner = make_user()
    booking = hold_seats(trip, "1A", owner_id=owner.pk)
    client.force_login(owner)
    assert client.get(booking_url(booking)).status_code == 200


def test_signing_out_closes_it(client, trip):
    owner = make_user()
    booking = hold_seats(trip, "1A", owner_id=owner.pk)
    client.force_login(owner)
    client.logout()
    assert client.get(booking_url(booking)).status_code == 404


def test_a_guest_who_signs_in_keeps_what_they_booked(client, trip):
    booking = hold_on_page(client, trip, "1A")
    client.force_login(make_user())
    assert client.get(booking_url(booking)).status_code == 200


def test_its_link_opens_it_and_leaves_the_key_out_of_the_address(client, booking):
    link = urlsplit(booking_link(booking))
    assert f"{link.scheme}://{link.netloc}" == settings.PUBLIC_URL
    answer = client.get(f"{link.path}?{link.query}")
    assert answer.status_code == 302
    assert answer.url == booking_url(booking)
    assert client.get(answer.url).status_code == 200


def test_a_link_is_in_the_language_of_its_booking(booking):
    booking.language = "ar"
    assert urlsplit(booking_link(booking)).path == booking_url(booking, language="ar")


@pytest.mark.parametrize("salt", ["booking", "other"])
def test_a_key_opens_no_other_booking_and_nobody_can_make_one(client, trip, booking, salt):
    other = hold_seats(trip, "2A")
    key = signing.Signer(salt=salt).sign(other.reference if salt == "booking" else booking.reference)
    assert client.get(booking_url(booking), {"key": key}).status_code == 404
    assert client.get(booking_url(booking), {"key": f"{booking.reference}:x"}).status_code == 404
    assert client.get(booking_url(booking)).status_code == 404


def test_a_session_remembers_the_last_fifty(rf):
    request = rf.get("/")
    request.session = {}
    for number in range(60):
        remember(request, f"R{number}")
    remember(request, "R30")
    assert len(remembered(request)) == 50
    assert remembered(request)[-2:] == ["R59", "R30"]


def test_a_reference_in_small_letters_leads_to_the_booking(client, trip):
    booking = hold_on_page(client, trip, "1A")
    assert client.get(f"/en/bookings/{booking.reference.lower()}").status_code == 200


def test_the_list_shows_ones_own_bookings_and_wants_a_sign_in(client, trip, booking):
    assert client.get("/en/bookings/").url.startswith("/en/account/login/")
    owner = make_user()
    mine = hold_seats(trip, "2A", owner_id=owner.pk)
    client.force_login(owner)
    page = text_of(client.get("/en/bookings/"))
    assert mine.reference in page
    assert booking.reference not in page


def test_the_list_costs_the_same_for_many_bookings(client, trip, django_assert_max_num_queries):
    owner = make_user()
    for seat in ("1A", "1B", "1C", "1D", "2A", "2B"):
        hold_seats(trip, seat, owner_id=owner.pk)
    client.force_login(owner)
    with django_assert_max_num_queries(5):  # session, user, count, bookings, passengers
        assert text_of(client.get("/en/bookings/")).count("Waiting for your payment") == 6


def test_an_empty_list_helps_on(client, db):
    client.force_login(make_user())
    assert "No bookings yet" in text_of(client.get("/en/bookings/"))


def test_reference_and_address_find_a_booking_however_they_are_typed(visitor, booking):
    spaced = f" {booking.reference[:4].lower()}-{booking.reference[4:]} "
    answer = visitor.post("/en/find-booking", {"reference": spaced, "email": "LAYLA@example.com"})
    assert answer.url == booking_url(booking)
    assert visitor.get(answer.url).status_code == 200


@pytest.mark.parametrize("wrong", [{"reference": "ACDEFGHJ"}, {"email": "other@example.com"}, {"reference": "\x00"}])
def test_a_wrong_pair_finds_nothing_and_keeps_what_was_typed(visitor, booking, wrong):
    sent = {"reference": booking.reference, "email": booking.contact_email} | wrong
    answer = visitor.post("/en/find-booking", sent)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert f'value="{sent["email"]}"' in answer.content.decode()
    assert "bookings" not in visitor.session
