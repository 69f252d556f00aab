"""Attacks on holds by other holds, extensions, sales and the sweeper. Each guard is shown to be needed."""

from collections import Counter
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from queue import Queue
from threading import Barrier, Event

import pytest
from django.db import OperationalError, connection, transaction
from psycopg import errors

from bookings import claims
from bookings.actions import hold as hold_module
from bookings.actions.extend import extend
from bookings.errors import BookingError, HoldExpired, SeatsLost, SeatUnavailable, TooManySeats
from bookings.locks import lock_booking
from bookings.models import Booking, SeatClaim, Trip
from core import transactions
from core.errors import InvalidState
from core.transactions import in_one_transaction
from payments.actions.cancel import cancel_unpaid
from payments.actions.expire import expire_ended_holds
from tests.database import age_hold, as_owner, as_runtime
from tests.races.rivals import at_once, somebody_holding, wait_for_waiters
from tests.races.selling import fresh, owners, sell
from tests.services import PATIENCE, wait_until
from tests.world import hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db(transaction=True)

LOCK_CLAIM = "SELECT 1 FROM bookings_seatclaim WHERE booking_id = %s FOR UPDATE"


@pytest.fixture
def trip() -> Trip:
    return make_trip()


# ----------------------------------------------------------------------------------------- opposite orders of locking
@pytest.fixture
def no_common_order(monkeypatch, trip) -> Booking:
    """Claims taken without an order: every second booking begins at the other end. An ended hold of 1B is there."""
    ended = hold_seats(trip, "1B")
    age_hold(ended)
    assert "ORDER BY seat, leg" in claims._TAKE
    directions = f"ORDER BY CASE WHEN %(booking)s = {ended.pk + 1} THEN -seat ELSE seat END"
    monkeypatch.setattr(claims, "_TAKE", claims._TAKE.replace("ORDER BY seat, leg", directions))
    return ended


def hold_both_ways(trip: Trip, ended: Booking, background) -> list[Booking | Exception]:
    """Two holds of 1A and 1B that meet: the first is stopped at 1B before the second begins."""
    with somebody_holding(LOCK_CLAIM, ended.pk) as holder:
        first = background(partial(hold_seats, trip, "1B", "1A"))
        wait_for_waiters(holder)
        second = background(partial(hold_seats, trip, "1A", "1B"))
        wait_for_waiters(holder, 2)
    return [future.exception(PATIENCE) or future.result() for future in (first, second)]


def test_holds_of_the_same_seats_in_opposite_order_take_turns(trip, background, deadlocks):
    ended = hold_seats(trip, "1B")
    age_hold(ended)
    winner, loser = hold_both_ways(trip, ended, background)
    assert isinstance(loser, SeatUnavailable)
    assert loser.members == {"seats": ["1A", "1B"]}
    assert set(owners(trip).values()) == {winner.pk}
    assert deadlocks() == 0


def test_without_order_they_deadlock_and_the_retry_hides_it(trip, background, deadlocks, no_common_order):
    ends = hold_both_ways(trip, no_common_order, background)
    wait_until(lambda: deadlocks() == 1, "PostgreSQL to have counted it")
    (winner,) = [end for end in ends if isinstance(end, Booking)]
    (loser,) = [end for end in ends if isinstance(end, SeatUnavailable)]
    assert set(loser.members["seats"]) == {"1A", "1B"}
    assert owners(trip) == {"1A": winner.pk, "1B": winner.pk}


def test_without_order_and_retry_the_caller_meets_the_deadlock(
    trip, background, deadlocks, no_common_order, monkeypatch
):
    monkeypatch.setattr(transactions, "_TRIES", 1)
    ends = hold_both_ways(trip, no_common_order, background)
    (loser,) = [end for end in ends if isinstance(end, OperationalError)]
    assert isinstance(loser.__cause__, errors.DeadlockDetected)
    wait_until(lambda: deadlocks() == 1, "PostgreSQL to have counted it")


def test_many_holds_extensions_and_releases_of_the_same_seats_never_deadlock(trip, deadlocks):
    seats = ["1A", "1B", "1C", "1D"]
    held = 0
    for round_number in range(25):
        there = hold_seats(trip, *seats)
        age_hold(there, 10 if round_number % 2 else 16)  # still running, or ended
        ends = at_once(
            partial(hold_seats, trip, *seats),
            partial(extend, there.pk),
            partial(hold_seats, trip, *reversed(seats)),
            partial(cancel_unpaid, there.pk),
            partial(hold_seats, trip, "1C", "1B"),
        )
        assert all(isinstance(end, Booking | BookingError | InvalidState) for end in ends), ends
        holds = [end for end in (ends[0], ends[2], ends[4]) if isinstance(end, Booking)]
        assert len(holds) <= 1
        taken = owners(trip)
        for booking in holds:
            held += 1
            seats_of = {passenger.seat.number for passenger in booking.live_passengers()}
            assert {seat for seat, owner in taken.items() if owner == booking.pk} == seats_of
            cancel_unpaid(booking.pk)
        expire_ended_holds()
        assert not SeatClaim.objects.exists()
    assert held > 0
    assert deadlocks() == 0


def test_a_late_sale_that_still_owns_the_second_seat_deadlocks_with_a_hold_of_both_and_is_solved(
    trip, background, deadlocks, monkeypatch
):
    first, second = take_over(trip)  # of the first one's seats, 1A is the second's and 1B still its own
    age_hold(second)
    locked, go_on, keep_all = Queue(), Event(), claims.keep_all

    def keep_all_and_pause(*asked):
        kept = keep_all(*asked)
        if not go_on.is_set():
            locked.put(connection.connection)
            go_on.wait(PATIENCE)
        return kept

    monkeypatch.setattr(claims, "keep_all", keep_all_and_pause)
    sale = background(partial(sell, first))
    seller = locked.get(timeout=PATIENCE)
    hold = background(partial(hold_seats, trip, "1A", "1B"))
    wait_for_waiters(seller)
    go_on.set()
    ends = [future.exception(PATIENCE) or future.result() for future in (sale, hold)]
    wait_until(lambda: deadlocks() == 1, "PostgreSQL to have counted it")
    (winner,) = [end for end in ends if isinstance(end, Booking)]
    assert owners(trip) == {"1A": winner.pk, "1B": winner.pk}
    assert {type(end) for end in ends if end is not winner} <= {SeatsLost, SeatUnavailable}


def test_no_other_error_of_the_database_is_tried_again(trip):
    runs, booking = [], hold_seats(trip, "1A")

    @in_one_transaction
    def impatient() -> None:
        runs.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20ms'")
        lock_booking(booking.pk)

    with (
        somebody_holding("SELECT 1 FROM bookings_booking WHERE id = %s FOR UPDATE", booking.pk),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        impatient()
    assert len(runs) == 1


def test_a_use_case_that_always_deadlocks_is_given_up_in_the_end(db):
    runs = []

    @in_one_transaction
    def unlucky() -> None:
        runs.append(1)
        raise OperationalError from errors.DeadlockDetected()

    with pytest.raises(OperationalError):
        unlucky()
    assert len(runs) == transactions._TRIES


# --------------------------------------------------------------------------------------------------------- the sweeper
def test_the_sweeper_waits_for_a_late_sale_and_leaves_it_its_seats(trip, background):
    booking = hold_seats(trip, "1A", "1B")
    age_hold(booking)
    with transaction.atomic():
        sell.__wrapped__(booking)
        sweeper = background(expire_ended_holds)
        wait_for_waiters(connection.connection)
    assert sweeper.result(PATIENCE) == {"expired": 0, "kept": 1, "failed": 0}
    assert fresh(booking).status == "confirmed"
    assert set(SeatClaim.objects.values_list("booking_id", "expires_at")) == {(booking.pk, None)}


def sweep_carelessly() -> None:
    """What a sweeper without the booking's lock does: the ended bookings are read, then everything of theirs goes."""
    with as_runtime() as cursor:
        cursor.execute("SELECT id FROM bookings_booking WHERE status = 'pending' AND expires_at <= now()")
        ended = [booking for (booking,) in cursor.fetchall()]
        cursor.execute("DELETE FROM bookings_seatclaim WHERE booking_id = ANY (%s)", [ended])


def sweep_carelessly_during_a_sale(trip, background) -> tuple[Booking, Exception | None]:
    booking = hold_seats(trip, "1A", "1B")
    age_hold(booking)
    with transaction.atomic():
        sell.__wrapped__(booking)
        sweeper = background(sweep_carelessly)
        wait_for_waiters(connection.connection)
    return booking, sweeper.exception(PATIENCE)


def test_a_careless_sweeper_is_refused_by_the_database(trip, background):
    booking, refused = sweep_carelessly_during_a_sale(trip, background)
    assert isinstance(refused, errors.CheckViolation)
    assert refused.diag.constraint_name == "seatclaim_sold_stays"
    assert SeatClaim.objects.filter(booking=booking, expires_at=None).count() == 2


def test_without_the_triggers_a_careless_sweeper_loses_a_sale(trip, background):
    guards = ("guard_claim_sold", "guard_seats_claim_delete")
    with as_owner() as cursor:
        for guard in guards:
            cursor.execute(f"ALTER TABLE bookings_seatclaim DISABLE TRIGGER {guard}")
    try:
        booking, refused = sweep_carelessly_during_a_sale(trip, background)
    finally:
        with as_owner() as cursor:
            for guard in guards:
                cursor.execute(f"ALTER TABLE bookings_seatclaim ENABLE ALWAYS TRIGGER {guard}")
    assert refused is None
    assert fresh(booking).status == "confirmed"
    assert not SeatClaim.objects.exists()
    assert hold_seats(trip, "1A")  # sold a second time


# ------------------------------------------------------------------------------------------ a hold ends during a wait
def take_while_the_hold_ends(trip, background) -> tuple[Booking, Future[Booking]]:
    first = hold_seats(trip, "1A")
    with somebody_holding(LOCK_CLAIM, first.pk) as holder:
        taker = background(partial(hold_seats, trip, "1A"))
        wait_for_waiters(holder)
        holder.execute("UPDATE bookings_seatclaim SET expires_at = berth_now() WHERE booking_id = %s", [first.pk])
    return first, taker


def test_who_waited_for_a_seat_sees_that_its_hold_has_ended_meanwhile(trip, background):
    _first, taker = take_while_the_hold_ends(trip, background)
    second = taker.result(PATIENCE)
    assert owners(trip) == {"1A": second.pk}


def test_with_the_transactions_time_it_would_honour_a_hold_that_has_ended(trip, background, monkeypatch):
    monkeypatch.setattr(claims, "_TAKE", claims._TAKE.replace("berth_now()", "now()"))
    first, taker = take_while_the_hold_ends(trip, background)
    assert isinstance(taker.exception(PATIENCE), SeatUnavailable)
    assert owners(trip) == {"1A": first.pk}


def extend_across_the_end(booking, background) -> tuple[datetime, Future[Booking]]:
    """An extension that begins in time and gets its claims only after the hold has ended."""
    with as_owner() as cursor:
        for table, key in (("booking", "id"), ("seatclaim", "booking_id")):
            soon = f"UPDATE bookings_{table} SET expires_at = now() + interval '0.5 s' WHERE {key} = %s"
            cursor.execute(soon, [booking.pk])
    ends_at = fresh(booking).expires_at
    with somebody_holding(LOCK_CLAIM, booking.pk) as holder:
        extension = background(partial(extend, booking.pk))
        wait_for_waiters(holder)
        holder.execute("SELECT pg_sleep(extract(epoch FROM %s - berth_now()))", [ends_at])
    return ends_at, extension


def test_an_extension_that_waited_across_the_end_is_refused_and_changes_nothing(trip, background):
    booking = hold_seats(trip, "1A")
    ends_at, extension = extend_across_the_end(booking, background)
    assert isinstance(extension.exception(PATIENCE), HoldExpired)
    assert fresh(booking).expires_at == SeatClaim.objects.get().expires_at == ends_at


def test_without_a_look_at_the_clock_after_the_wait_an_ended_hold_is_extended(trip, background, monkeypatch):
    booking, keep_all = hold_seats(trip, "1A"), claims.keep_all
    monkeypatch.setattr(claims, "keep_all", lambda *asked: keep_all(*asked) and booking.created_at)
    ends_at, extension = extend_across_the_end(booking, background)
    assert extension.result(PATIENCE).expires_at > ends_at


# ------------------------------------------------------------------------------------------------------- late sales
def take_over(trip) -> tuple[Booking, Booking]:
    """An ended hold of 1A and 1B, and the hold of somebody else who has 1A now."""
    first = hold_seats(trip, "1A", "1B")
    age_hold(first)
    return first, hold_seats(trip, "1A")


def test_a_late_sale_leaves_a_seat_to_who_took_it_over(trip):
    first, second = take_over(trip)
    before = list(SeatClaim.objects.order_by("pk").values())
    with pytest.raises(SeatsLost):
        sell(first)
    assert list(SeatClaim.objects.order_by("pk").values()) == before
    assert fresh(first).status == "pending"
    assert sell(second).status == "confirmed"


def test_without_the_condition_a_late_sale_steals_the_seat(trip, monkeypatch):
    condition = "claim.expires_at <= berth_now() OR claim.booking_id = %(own)s"
    assert condition in claims._TAKE
    first, second = take_over(trip)
    monkeypatch.setattr(claims, "_TAKE", claims._TAKE.replace(condition, "true"))
    assert sell(first).status == "confirmed"
    assert second.pk not in owners(trip).values()


def test_two_late_sales_and_a_new_hold_of_one_seat_have_one_winner(trip):
    winners = Counter()
    for seat in (f"{row}{column}" for row in range(1, 6) for column in "ABCD"):
        first = hold_seats(trip, seat)
        age_hold(first)
        second = hold_seats(trip, seat)
        age_hold(second)
        ends = at_once(partial(sell, first), partial(sell, second), partial(hold_seats, trip, seat))
        (won,) = [place for place, end in enumerate(ends) if isinstance(end, Booking)]
        winners[won] += 1
        assert {type(end) for end in ends if not isinstance(end, Booking)} <= {SeatsLost, SeatUnavailable}
        (claim,) = SeatClaim.objects.filter(seat__number=seat)
        assert (claim.booking_id, claim.expires_at is None) == (ends[won].pk, won < 2)
        assert [fresh(booking).status for booking in (first, second)].count("confirmed") == (won < 2)
    assert len(winners) > 1


# ---------------------------------------------------------------------------------------------- the cap on held seats
def test_one_person_at_ten_windows_holds_no_more_than_allowed(trip, settings):
    settings.MAX_HELD_SEATS = 3
    user, seats = make_user(), ["1A", "1B", "1C", "1D", "2A", "2B", "2C", "2D", "3A", "3B"]
    ends = at_once(*[partial(hold_seats, trip, seat, owner_id=user.pk) for seat in seats])
    assert sum(isinstance(end, Booking) for end in ends) == 3
    assert sum(isinstance(end, TooManySeats) for end in ends) == 7
    assert SeatClaim.objects.count() == 3


def test_without_the_users_lock_the_cap_is_exceeded(trip, settings, monkeypatch):
    settings.MAX_HELD_SEATS = 3
    user, seats = make_user(), ["1A", "1B", "1C", "1D"]
    all_have_counted, count = Barrier(4), hold_module._stretch

    def count_together(*asked):
        counted = count(*asked)
        all_have_counted.wait(PATIENCE)
        return counted

    monkeypatch.setattr(hold_module, "_lock_owner", lambda owner_id: None)
    monkeypatch.setattr(hold_module, "_stretch", count_together)
    ends = at_once(*[partial(hold_seats, trip, seat, owner_id=user.pk) for seat in seats])
    assert all(isinstance(end, Booking) for end in ends)
    assert SeatClaim.objects.count() == 4
