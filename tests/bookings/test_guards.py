"""What PostgreSQL refuses about seats and bookings, tried with raw SQL by the runtime role and by the owner."""

import psycopg
import pytest
from django.db import connections

from bookings.actions.confirm import confirm
from bookings.locks import lock_to_sell
from bookings.models import (
    BOOKING_TRANSITIONS,
    PASSENGER_TRANSITIONS,
    TRIP_TRANSITIONS,
    Booking,
    Passenger,
    SeatClaim,
)
from core.guards import fingerprint
from core.transactions import in_one_transaction
from tests.database import as_owner, as_runtime
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@in_one_transaction
def sell(booking: Booking) -> None:
    locked, now = lock_to_sell(booking.trip_id, booking.pk)
    confirm(locked, now, paid_amount=locked.total.amount)


@pytest.fixture
def sold() -> Booking:
    """A confirmed booking of 1A and 1B from A over B to C."""
    booking = hold_seats(make_trip("A", "B", "C"), "1A", "1B")
    sell(booking)
    booking.refresh_from_db()
    return booking


@pytest.fixture
def held(sold) -> Booking:
    """Another booking on the same trip, holding 2A."""
    return hold_seats(sold.trip, "2A")


def snapshot() -> list:
    """Everything that an attack could have changed."""
    return [
        sorted(SeatClaim.objects.values_list("trip_id", "seat_id", "leg", "booking_id", "expires_at")),
        sorted(Booking.objects.values_list("id", "status", "trip_id")),
        sorted(Passenger.objects.values_list("id", "booking_id", "seat_id", "status")),
    ]


ATTACKS = {
    "insert a second claim": "INSERT INTO bookings_seatclaim SELECT trip_id, seat_id, leg, {held}, NULL"
    " FROM bookings_seatclaim WHERE booking_id = {sold}",
    "hand a sold claim to another booking": "UPDATE bookings_seatclaim SET booking_id = {held}"
    " WHERE booking_id = {sold}",
    "turn a sale into a hold": "UPDATE bookings_seatclaim SET expires_at = now() WHERE booking_id = {sold}",
    "turn a sale into a block": "UPDATE bookings_seatclaim SET booking_id = NULL WHERE booking_id = {sold}",
    "move a sold claim to another leg": "UPDATE bookings_seatclaim SET leg = leg + 1"
    " WHERE booking_id = {sold} AND leg = 1",
    "delete a sold claim": "DELETE FROM bookings_seatclaim WHERE booking_id = {sold} AND leg = 0",
    "delete all sold claims": "DELETE FROM bookings_seatclaim WHERE booking_id = {sold}",
    "truncate claims": "TRUNCATE bookings_seatclaim",
    "truncate bookings": "TRUNCATE bookings_booking CASCADE",
    "delete a passenger of a sale": "DELETE FROM bookings_passenger WHERE booking_id = {sold}",
    "move a passenger of a sale to another seat": "UPDATE bookings_passenger SET seat_id = seat_id + 2"
    " WHERE booking_id = {sold}",
    "cancel a passenger and keep the seat": "UPDATE bookings_passenger SET status = 'cancelled'"
    " WHERE booking_id = {sold}",
    "add a passenger without a seat": "INSERT INTO bookings_passenger"
    " (booking_id, seat_id, full_name, document, status, fare_amount, tax_amount, fee_amount)"
    " SELECT booking_id, seat_id + 8, '', '', 'booked', 0, 0, 0 FROM bookings_passenger WHERE booking_id = {sold}",
    "confirm without claims": "UPDATE bookings_booking SET status = 'confirmed' WHERE id = {held}",
    "confirm with held claims": "UPDATE bookings_booking SET status = 'confirmed' WHERE id = {held}",
    "sell a seat without a sale": "UPDATE bookings_seatclaim SET expires_at = NULL WHERE booking_id = {held}",
    "cancel a sale and keep its seats": "UPDATE bookings_booking SET status = 'cancelled' WHERE id = {sold}",
    "skip a status": "UPDATE bookings_booking SET status = 'refunded' WHERE id = {held}",
    "return from the end": "UPDATE bookings_booking SET status = 'pending' WHERE id = {sold}",
    "begin in a late status": "INSERT INTO bookings_booking SELECT (jsonb_populate_record(booking,"
    ' \'{{"id": 999, "reference": "AAAAAAAA"}}\')).* FROM bookings_booking booking WHERE id = {sold}',
    "move a sale to another trip": "UPDATE bookings_booking SET trip_id = {other_trip} WHERE id = {sold}",
    "shorten a sale": "UPDATE bookings_booking SET alighting_id = (SELECT id FROM bookings_tripstop"
    " WHERE trip_id = bookings_booking.trip_id AND position = 1) WHERE id = {sold}",
    "claim a leg that the trip has not": "INSERT INTO bookings_seatclaim SELECT trip_id, seat_id, 2, {held}, now()"
    " FROM bookings_seatclaim WHERE booking_id = {held} AND leg = 0",
    "claim a seat of another trip": "UPDATE bookings_seatclaim SET trip_id = {other_trip} WHERE booking_id = {held}",
    "move a stop under its claims": "UPDATE bookings_tripstop SET position = position + 5 WHERE trip_id = {trip}",
    "rename a seat under its claims": "UPDATE bookings_seat SET number = number || 'X'",
    "give the trip other seats": "UPDATE bookings_trip SET seat_map_id = {other_seats} WHERE id = {trip}",
    "switch triggers off for the session": "SET session_replication_role = replica",
    "disable a trigger": "ALTER TABLE bookings_seatclaim DISABLE TRIGGER ALL",
}


def attack(cursor_of, sql: str, sold: Booking, held: Booking) -> None:
    other = make_trip("A", "B", rows=7, number="T9")
    before = snapshot()
    with pytest.raises(psycopg.Error), cursor_of() as cursor:
        cursor.execute(
            sql.format(
                sold=sold.pk,
                held=held.pk,
                trip=sold.trip_id,
                other_trip=other.pk,
                other_seats=other.seat_map_id,
            )
        )
        cursor.connection.commit()
    assert snapshot() == before


@pytest.mark.parametrize("name", ATTACKS)
def test_the_runtime_role_cannot(name, sold, held):
    attack(as_runtime, ATTACKS[name], sold, held)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "disable a trigger"])
def test_not_even_the_owner_can(name, sold, held):
    attack(as_owner, ATTACKS[name], sold, held)


@pytest.mark.parametrize("role", [as_runtime, as_owner])
def test_a_temporary_table_does_not_stand_in_for_a_real_one(role, sold):
    before = snapshot()
    with pytest.raises(psycopg.Error, match="is sold"), role() as cursor:
        cursor.execute("CREATE TEMP TABLE bookings_passenger (booking_id bigint, seat_id bigint, status text)")
        cursor.execute("SET search_path = pg_temp, public")
        cursor.execute("DELETE FROM bookings_seatclaim WHERE booking_id = %s", [sold.pk])
    assert snapshot() == before


def test_no_isolation_level_and_no_deferral_lets_a_broken_sale_through(sold):
    before = snapshot()
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        with pytest.raises(psycopg.Error), as_runtime() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("UPDATE bookings_passenger SET status = 'cancelled' WHERE booking_id = %s", [sold.pk])
            cursor.connection.commit()
    assert snapshot() == before


def test_a_seat_can_be_given_up_by_cancelling_its_passenger_in_the_same_transaction(sold):
    with as_runtime() as cursor:
        seat = Passenger.objects.filter(booking=sold).first().seat_id
        cursor.execute(
            "UPDATE bookings_passenger SET status = 'cancelled' WHERE booking_id = %s AND seat_id = %s", [sold.pk, seat]
        )
        cursor.execute("DELETE FROM bookings_seatclaim WHERE booking_id = %s AND seat_id = %s", [sold.pk, seat])
    assert SeatClaim.objects.filter(booking=sold).values("seat_id").distinct().count() == 1


def test_two_sold_bookings_can_swap_seats_in_one_transaction(sold):
    other = hold_seats(sold.trip, "3A")
    sell(other)
    mine, theirs = Passenger.objects.filter(booking=sold).first(), Passenger.objects.get(booking=other)
    with as_runtime() as cursor:
        swap = "UPDATE bookings_passenger SET seat_id = %s WHERE id = %s"
        cursor.execute(swap, [theirs.seat_id, mine.pk])
        cursor.execute(swap, [mine.seat_id, theirs.pk])
        cursor.execute(
            "UPDATE bookings_seatclaim SET booking_id = CASE booking_id WHEN %s THEN %s ELSE %s END"
            " WHERE seat_id IN (%s, %s)",
            [sold.pk, other.pk, sold.pk, mine.seat_id, theirs.seat_id],
        )
    assert set(SeatClaim.objects.filter(seat_id=mine.seat_id).values_list("booking_id", flat=True)) == {other.pk}


def test_the_runtime_role_owns_nothing_and_cannot_become_the_owner():
    with as_runtime() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = user)")
        assert cursor.fetchone() == (0,)
    owner = connections["owner"].settings_dict["USER"]
    for sql in (f"SET ROLE {owner}", "CREATE TABLE mine (id int)", "DROP TABLE bookings_seatclaim"):
        with pytest.raises(psycopg.Error), as_runtime() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("table", "transitions"),
    [
        ("bookings_booking", BOOKING_TRANSITIONS),
        ("bookings_passenger", PASSENGER_TRANSITIONS),
        ("bookings_trip", TRIP_TRANSITIONS),
    ],
)
def test_the_installed_guard_is_made_of_the_present_table(table, transitions):
    with as_owner() as cursor:
        cursor.execute("SELECT obj_description(%s::regproc, 'pg_proc')", [f"guard_{table}_status"])
        assert cursor.fetchone() == (fingerprint(transitions),)


def test_every_guard_fires_whatever_the_session_says():
    with as_owner() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'guard%%' AND tgenabled <> 'A'"
        )
        assert cursor.fetchall() == []
