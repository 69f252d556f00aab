"""The trip gate. Whoever sells holds it shared, whoever changes the trip itself holds it alone; until commit.

An advisory lock and not a row lock: with FOR SHARE on the trip's row a steady stream of buyers starved a waiting
canceller for as long as the load went on; PostgreSQL queues advisory locks fairly. The trip's status must be read in
a statement after the one that enters, because a statement sees what was committed when it began.
"""

from django.db import connection

_LOCK_CLASS = 7381  # any constant: tells trip gates from the advisory locks of other tables


def enter_to_sell(trip_id: int) -> None:
    """Wait until nobody is changing the trip, and keep changers out."""
    _lock("pg_advisory_xact_lock_shared", trip_id)


def enter_to_change(trip_id: int) -> None:
    """Wait until nobody is selling or changing the trip, and keep all others out."""
    _lock("pg_advisory_xact_lock", trip_id)


def _lock(function: str, trip_id: int) -> None:
    with connection.cursor() as cursor:
        # Two trips whose ids fall together (2³¹ apart) share a gate, which costs time and no correctness.
        cursor.execute(f"SELECT {function}(%s, %s)", [_LOCK_CLASS, trip_id % 2**31])
