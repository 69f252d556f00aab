"""Trips go on by the clock: their sale ends, they leave, they arrive."""

import structlog
from django.db import connection, transaction

from bookings import gate
from bookings.models import Trip, TripStatus
from bookings.queries import SCHEDULE
from core.transactions import in_one_transaction

log = structlog.get_logger(__name__)

# What the clock says of each trip that has not arrived, where that is something new. A trip has left when nobody can
# board any more: until then it is sold at the stops ahead.
_DUE = """
SELECT id, due FROM (
  SELECT trip.id, trip.status,
         CASE WHEN max(stop.arrives_at) <= berth_now() THEN 'arrived'
              WHEN max(stop.departs_at) FILTER (WHERE stop.boards) <= berth_now() THEN 'departed'
              WHEN max(stop.sales_end_at) FILTER (WHERE stop.boards) <= berth_now() THEN 'closed'
         END AS due
    FROM bookings_trip trip
   CROSS JOIN LATERAL (
     SELECT arrives_at, departs_at, sales_end_at, lead(id) OVER (ORDER BY position) IS NOT NULL AS boards
       FROM bookings_tripstop WHERE trip_id = trip.id
   ) stop
   WHERE trip.status IN ('open', 'closed', 'departed') AND (%(trip)s::bigint IS NULL OR trip.id = %(trip)s)
   GROUP BY trip.id
) trip
 WHERE due <> status AND (due <> 'closed' OR status = 'open')
 ORDER BY id
"""
_REASON = "By the clock."


def move_trips_on() -> dict[str, int]:
    """Close trips that nobody can buy any more, let go those that nobody can board any more, end those that are there.

    Each is a transaction of its own. Returns how many came to each, and how many met something that went wrong:
    {"closed": n, "departed": n, "arrived": n, "unmoved": n}.
    """
    counts = {"closed": 0, "departed": 0, "arrived": 0, "unmoved": 0}
    for trip_id, _due_status in _due():
        try:
            if status := _move_on(trip_id):
                counts[status] += 1
        except Exception:  # whatever one trip meets, the others have their turn
            log.exception("trip_not_moved", trip=trip_id)
            counts["unmoved"] += 1
    return counts


@in_one_transaction
def _move_on(trip_id: int) -> str | None:
    gate.enter_to_change(trip_id)
    due = dict(_due(trip_id)).get(trip_id)
    if due is None:  # somebody was first, or has moved the trip
        return None
    trip = Trip.objects.get(pk=trip_id)
    if due == TripStatus.CLOSED:
        trip.close(reason=_REASON)
    elif trip.status != TripStatus.DEPARTED:
        trip.depart(reason=_REASON)
    if due == TripStatus.ARRIVED:
        trip.arrive(reason=_REASON)
    transaction.on_commit(SCHEDULE.forget)
    return due


def _due(trip_id: int | None = None) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"trip": trip_id})
        due: list[tuple[int, str]] = cursor.fetchall()
    return due
