"""Holds and sales against the cancellation of their trip: whoever comes second sees what the first one did."""

import time
from concurrent.futures import Future
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from bookings import gate
from bookings.errors import SeatsLost, TripClosed
from bookings.models import Booking, SeatClaim, Trip
from payments.actions.cancel import cancel_unpaid
from tests.races.rivals import wait_for_waiters
from tests.races.selling import cancel_trip, fresh, sell
from tests.services import PATIENCE, wait_until
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trip() -> Trip:
    return make_trip()


@pytest.fixture
def no_gate(monkeypatch) -> None:
    """Who sells no longer minds who changes the trip."""
    monkeypatch.setattr(gate, "enter_to_sell", lambda trip_id: None)


def during_the_cancellation(trip: Trip, background, work, *, waits: bool) -> Future[Any]:
    """What comes of work that begins when the trip is cancelled but not yet committed as such."""
    with transaction.atomic():
        cancel_trip.__wrapped__(trip)
        begun = background(work)
        if waits:
            wait_for_waiters(connection.connection)
        else:
            begun.exception(PATIENCE)
    return begun


def test_a_hold_waits_for_the_cancellation_and_is_refused(trip, background):
    attempt = during_the_cancellation(trip, background, partial(hold_seats, trip, "1A"), waits=True)
    assert isinstance(attempt.exception(PATIENCE), TripClosed)
    assert not Booking.objects.exists()
    assert not SeatClaim.objects.exists()


def test_without_the_gate_a_seat_is_held_on_a_cancelled_trip(trip, background, no_gate):
    attempt = during_the_cancellation(trip, background, partial(hold_seats, trip, "1A"), waits=False)
    assert attempt.result().trip.status == "open"
    assert Trip.objects.get(pk=trip.pk).status == "cancelled"
    assert SeatClaim.objects.filter(trip=trip).exists()


def test_a_sale_waits_for_the_cancellation_and_is_refused(trip, background):
    booking = hold_seats(trip, "1A")
    attempt = during_the_cancellation(trip, background, partial(sell, booking), waits=True)
    assert isinstance(attempt.exception(PATIENCE), SeatsLost)
    assert fresh(booking).status == "pending"
    assert not SeatClaim.objects.filter(expires_at=None).exists()


def test_without_the_gate_a_seat_is_sold_on_a_cancelled_trip(trip, background, no_gate):
    booking = hold_seats(trip, "1A")
    attempt = during_the_cancellation(trip, background, partial(sell, booking), waits=False)
    assert attempt.result().status == fresh(booking).status == "confirmed"
    assert Trip.objects.get(pk=trip.pk).status == "cancelled"


def during_the_sale(trip: Trip, background, *, waits: bool) -> list[str]:
    """The bookings that a cancellation finds to refund when it begins during a sale."""
    booking = hold_seats(trip, "1A")

    @transaction.atomic
    def cancel_and_look() -> list[str]:
        cancel_trip.__wrapped__(trip)
        return list(Booking.objects.filter(trip=trip, status="confirmed").values_list("reference", flat=True))

    with transaction.atomic():
        sell.__wrapped__(booking)
        cancellation = background(cancel_and_look)
        if waits:
            wait_for_waiters(connection.connection)
        else:
            cancellation.exception(PATIENCE)
    assert fresh(booking).status == "confirmed"
    return [reference == booking.reference for reference in cancellation.result(PATIENCE)]


def test_a_cancellation_waits_for_a_sale_and_finds_it(trip, background):
    assert during_the_sale(trip, background, waits=True) == [True]


def test_without_the_gate_a_cancellation_overlooks_a_sale(trip, background, no_gate):
    assert during_the_sale(trip, background, waits=False) == []


def test_a_newcomer_queues_behind_a_waiting_canceller(trip, background):
    with transaction.atomic():
        gate.enter_to_sell(trip.pk)
        cancellation = background(partial(cancel_trip, trip))
        wait_for_waiters(connection.connection)
        newcomer = background(partial(hold_seats, trip, "1A"))
        wait_for_waiters(connection.connection, 2)
    cancellation.result(PATIENCE)
    assert isinstance(newcomer.exception(PATIENCE), TripClosed)


def test_with_row_locks_a_newcomer_overtakes_the_waiting_canceller(trip, background, monkeypatch):
    def lock_row(strength: str, trip_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM bookings_trip WHERE id = %s FOR {strength}", [trip_id])

    monkeypatch.setattr(gate, "enter_to_sell", partial(lock_row, "SHARE"))
    monkeypatch.setattr(gate, "enter_to_change", partial(lock_row, "UPDATE"))
    with transaction.atomic():
        gate.enter_to_sell(trip.pk)
        cancellation = background(partial(cancel_trip, trip))
        wait_for_waiters(connection.connection)
        newcomer = background(partial(hold_seats, trip, "1A"))
        assert newcomer.result(PATIENCE).status == "pending"
        assert not cancellation.done()
    cancellation.result(PATIENCE)


def test_a_canceller_comes_through_a_steady_stream_of_buyers(trip, background):
    buyers, made = 8, []
    stop = Event()

    def keep_buying(seat: str) -> None:
        while not stop.is_set():
            booking = hold_seats(trip, seat)
            made.append(seat)
            cancel_unpaid(booking.pk)

    streams = [background(partial(keep_buying, f"{1 + number // 4}{'ABCD'[number % 4]}")) for number in range(buyers)]
    try:
        wait_until(lambda: len(made) >= 100 and len(set(made)) == buyers, "all of them to be buying")
        began = time.monotonic()
        cancel_trip(trip)
        waited = time.monotonic() - began
        ends = [stream.exception(PATIENCE) for stream in streams]
    finally:
        stop.set()
    assert waited < 2
    assert all(isinstance(end, TripClosed) for end in ends), ends
