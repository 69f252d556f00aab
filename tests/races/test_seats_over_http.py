"""Two hundred travellers over HTTP for twenty seats: each is held once, whatever the order of arrival."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import combinations

import httpx
import pytest

from bookings.models import Booking, SeatClaim, Trip
from tests.database import as_owner
from tests.races.rivals import at_once
from tests.races.travellers import travellers
from tests.services import served
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = [f"{row}{column}" for row in range(1, 6) for column in "ABCD"]
RIVALS = 10  # a seat


@pytest.fixture
def unguarded(web) -> Iterator[str]:
    """A server that checks and then inserts, on claims without their primary key."""
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE bookings_seatclaim DROP CONSTRAINT bookings_seatclaim_pkey")
    try:
        with served("tests.races.unguarded:application") as server:
            yield server.url
    finally:
        with as_owner() as cursor:
            cursor.execute("DELETE FROM bookings_seatclaim")
            cursor.execute("ALTER TABLE bookings_seatclaim ADD PRIMARY KEY (trip_id, seat_id, leg)")


def fight_for_seats(server: str, trip: Trip) -> dict[str, list[httpx.Response]]:
    """Everybody asks for one seat, in an order without a pattern; the answers by seat."""
    wanted = SEATS * RIVALS
    random.shuffle(wanted)
    with travellers(server, len(wanted)) as rivals:
        answers = at_once(*[partial(rival.hold, trip, seat) for rival, seat in zip(rivals, wanted, strict=True)])
    by_seat: dict[str, list[httpx.Response]] = {}
    for seat, answer in zip(wanted, answers, strict=True):
        by_seat.setdefault(seat, []).append(answer)
    return by_seat


def test_of_ten_rivals_for_each_seat_one_gets_it_and_the_others_are_told_which_is_gone(web):
    trip = make_trip(rows=5)
    for seat, answers in fight_for_seats(web, trip).items():
        (won,) = [answer.json() for answer in answers if answer.status_code == 201]
        lost = [answer for answer in answers if answer.status_code != 201]
        assert won["seats"] == [seat]
        assert SeatClaim.objects.get(seat__number=seat).booking.reference == won["reference"]
        assert {answer.status_code for answer in lost} == {409}
        assert {answer.json()["code"] for answer in lost} == {"seat_unavailable"}
        assert [answer.json()["seats"] for answer in lost] == [[seat]] * (RIVALS - 1)
    assert SeatClaim.objects.count() == Booking.objects.count() == len(SEATS)


def test_without_the_guard_the_same_rivals_hold_the_same_seats(unguarded):
    trip = make_trip(rows=5)
    winners = {
        seat: sum(answer.status_code == 201 for answer in answers)
        for seat, answers in fight_for_seats(unguarded, trip).items()
    }
    assert max(winners.values()) > 1, winners
    assert Counter(SeatClaim.objects.values_list("seat__number", flat=True)) == winners


def test_on_a_trip_of_four_stops_stretches_that_overlap_share_no_seat(web):
    trip = make_trip(*"WXYZ", rows=2)
    stretches, seats = list(combinations("WXYZ", 2)), [f"{row}{column}" for row in (1, 2) for column in "ABCD"]
    wishes = [(seat, stretch) for seat in seats for stretch in stretches for _rival in range(2)]
    random.shuffle(wishes)
    with travellers(web, len(wishes)) as rivals:
        works = [
            partial(rival.hold, trip, seat, stretch=stretch)
            for rival, (seat, stretch) in zip(rivals, wishes, strict=True)
        ]
        answers = at_once(*works)
    assert {answer.status_code for answer in answers} == {201, 409}
    owner: dict[tuple[str, int], str] = {}
    for (seat, stretch), answer in zip(wishes, answers, strict=True):
        if answer.status_code == 201:
            places = [(seat, leg) for leg in legs(stretch)]
            assert not owner.keys() & places
            owner |= dict.fromkeys(places, answer.json()["reference"])
    for (seat, stretch), answer in zip(wishes, answers, strict=True):
        if answer.status_code == 409:
            assert (answer.json()["code"], answer.json()["seats"]) == ("seat_unavailable", [seat])
            assert any((seat, leg) in owner for leg in legs(stretch))  # refused for a reason
    claims = SeatClaim.objects.values_list("seat__number", "leg", "booking__reference")
    assert {(seat, leg): reference for seat, leg, reference in claims} == owner


def legs(stretch: tuple[str, str]) -> range:
    return range("WXYZ".index(stretch[0]), "WXYZ".index(stretch[1]))
