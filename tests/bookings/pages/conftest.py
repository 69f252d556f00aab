"""A visitor of the pages, without JavaScript."""

import re

import pytest
from django.test import Client

from bookings.models import Booking, Trip
from tests.world import make_trip

EMAIL = "layla@example.com"


@pytest.fixture
def trip(db) -> Trip:
    return make_trip("RUH", "JED")


@pytest.fixture
def visitor(client) -> Client:
    """A browser that refuses what no page of ours may hold."""

    def checked(response):
        if response.status_code != 302:
            page = response.content.decode()
            assert page.count("<h1") == 1
            assert " style=" not in page
            assert not re.search(r"<script(?![^>]* src=)", page)
            assert not re.search(r"<[^>]+ on\w+=", page)
            assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
        return response

    get, post = client.get, client.post
    client.get = lambda *args, **kwargs: checked(get(*args, **kwargs))
    client.post = lambda *args, **kwargs: checked(post(*args, **kwargs))
    return client


def seats_url(trip: Trip, passengers: int = 1, language: str = "en") -> str:
    return f"/{language}/trips/{trip.pk}/seats?origin=RUH&destination=JED&passengers={passengers}"


def booking_url(booking: Booking, page: str = "", language: str = "en") -> str:
    return f"/{language}/bookings/{booking.reference}{page}"


def hold_on_page(visitor: Client, trip: Trip, *seats: str, **fields: str) -> Booking:
    """Choose seats on the map; the booking that the answer leads to."""
    answer = visitor.post(seats_url(trip), {"seats": seats, "email": EMAIL, **fields})
    assert answer.status_code == 302, answer.content.decode()
    return Booking.objects.get(reference=answer.url.rsplit("/", 1)[1])


def text_of(response) -> str:
    """What can be read on a page, white space as a browser shows it."""
    page = re.sub(r"<(script|style|head)\b.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
