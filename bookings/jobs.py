"""The job of bookings: what happens when trips leave."""

from celery.schedules import crontab

from bookings.actions.complete import complete_departed_bookings
from bookings.actions.move_on import move_trips_on
from core.jobs import Result, job


@job(schedule=crontab(minute="*/15"))
def earn_departed() -> Result:
    """Close, let go and end trips by the clock, complete the bookings that have left, and earn their money."""
    return move_trips_on() | complete_departed_bookings()
