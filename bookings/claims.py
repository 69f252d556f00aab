"""The statements on seat claims. Each locks its rows in (trip, seat, leg) order, so that none of them deadlock.

All run at READ COMMITTED and judge time by berth_now(): now() stands still while a statement waits for a lock,
and would honour a hold that ended during the wait.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from bookings.models import Booking

# Takes free seats and those whose hold has ended. ON CONFLICT waits for a competitor's commit and then sees its row.
_TAKE = """
INSERT INTO bookings_seatclaim AS claim (trip_id, seat_id, leg, booking_id, expires_at)
SELECT %(trip)s, seat, leg, %(booking)s, %(expires_at)s
  FROM unnest(%(seats)s::bigint[]) AS seat, generate_series(%(first_leg)s, %(end_leg)s - 1) AS leg
 ORDER BY seat, leg
ON CONFLICT (trip_id, seat_id, leg) DO UPDATE
   SET booking_id = EXCLUDED.booking_id, expires_at = EXCLUDED.expires_at
 WHERE claim.expires_at <= berth_now() OR claim.booking_id = %(own)s
RETURNING seat_id, leg
"""
_OWN = """
WITH own AS MATERIALIZED (
  SELECT trip_id, seat_id, leg FROM bookings_seatclaim
   WHERE booking_id = %(booking)s AND trip_id = %(trip)s ORDER BY trip_id, seat_id, leg FOR UPDATE
)
"""
_KEEP_ALL = (
    _OWN
    + """
UPDATE bookings_seatclaim claim SET expires_at = %(expires_at)s
  FROM own
 WHERE (claim.trip_id, claim.seat_id, claim.leg) = (own.trip_id, own.seat_id, own.leg)
   AND (SELECT count(*) FROM own) = %(expected)s
RETURNING berth_now()
"""
)
_RELEASE = (
    _OWN
    + """
DELETE FROM bookings_seatclaim claim
 USING own
 WHERE (claim.trip_id, claim.seat_id, claim.leg) = (own.trip_id, own.seat_id, own.leg)
   AND (NOT %(ended_only)s OR claim.expires_at <= berth_now())
   AND (%(seats)s::bigint[] IS NULL OR claim.seat_id = ANY(%(seats)s))
"""
)


def take(booking: Booking, seats: Collection[int], expires_at: datetime | None, *, own: bool = False) -> set[int]:
    """Claim these seats on the booking's legs as far as they are free; returns the ids of seats that were not.

    `expires_at` None sells them. `own` also takes over the booking's own claims, which a new hold must not.
    """
    parameters = {
        **_stretch(booking),
        "seats": sorted(seats),
        "expires_at": expires_at,
        "own": booking.pk if own else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, parameters)
        found = [seat for seat, _leg in cursor.fetchall()]
    legs = booking.alighting.position - booking.boarding.position
    return {seat for seat in seats if found.count(seat) < legs}


def keep_all(booking: Booking, seat_count: int, expires_at: datetime | None) -> datetime | None:
    """Give all claims of a booking a new end (None sells them), or none if some were taken over.

    Returns the time at which all of them were locked, or None if some were lost.
    """
    legs = booking.alighting.position - booking.boarding.position
    parameters = {**_stretch(booking), "expires_at": expires_at, "expected": seat_count * legs}
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_ALL, parameters)
        kept = [at for (at,) in cursor.fetchall()]
    return max(kept) if len(kept) == seat_count * legs else None


def release(booking: Booking, *, seats: Collection[int] | None = None, ended_only: bool = False) -> None:
    """Put the booking's seats back on sale, or these of them; `ended_only` leaves claims whose hold still runs."""
    parameters = {**_stretch(booking), "ended_only": ended_only, "seats": None if seats is None else sorted(seats)}
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, parameters)


def _stretch(booking: Booking) -> dict[str, Any]:
    return {
        "trip": booking.trip_id,
        "booking": booking.pk,
        "first_leg": booking.boarding.position,
        "end_leg": booking.alighting.position,
    }
