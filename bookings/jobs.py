"""The jobs of bookings: what happens when trips leave, and before holds end."""

from celery.schedules import crontab

from bookings.actions.complete import complete_departed_bookings
from bookings.actions.move_on import move_trips_on
from bookings.actions.remind import remind_holders
from core.jobs import Result, job


@job(schedule=crontab(minute="*/15"))
def earn_departed() -> Result:
    """Close, let go and end trips by the clock, complete the bookings that have left, and earn their money."""
    return move_trips_on() | complete_departed_bookings()


@job(schedule=crontab())
def remind_of_holds() -> Result:
    """Write to those whose hold ends within five minutes and is not paid."""
    return {"ending": remind_holders()}
