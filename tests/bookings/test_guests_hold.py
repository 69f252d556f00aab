"""The cap on held seats is one person's; guests are nobody in particular."""

import pytest

from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db


def test_guests_do_not_share_one_cap_on_held_seats(settings):
    settings.MAX_HELD_SEATS = 2
    trip = make_trip()
    hold_seats(trip, "1A", "1B")
    assert hold_seats(trip, "1C").status == "pending"
