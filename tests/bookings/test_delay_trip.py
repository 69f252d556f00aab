"""A trip runs later: what is still ahead of it moves, and whoever has seats from there is told, once for each time."""

from datetime import timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from bookings.actions.complete import complete_departed_bookings
from bookings.actions.delay_trip import delay_trip
from bookings.models import Booking, Trip, TripStop
from core import outbox
from core.errors import FieldsInvalid, InvalidState
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from tests.admin.scene import pay
from tests.admin.test_trips import gates_held
from tests.clock import turned_to
from tests.world import CONTACT, hold_seats, make_trip

pytestmark = pytest.mark.django_db

TWO_HOURS = timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def times(trip: Trip) -> list[tuple]:
    return list(trip.stops.values_list("arrives_at", "departs_at", "sales_end_at"))


def sold(trip: Trip, *seats: str, **stretch: str) -> Booking:
    booking = hold_seats(trip, *seats, **stretch)
    pay(booking)
    outbox.drain()
    mail.outbox.clear()
    return booking


def told() -> list[str]:
    """To which bookings something goes out."""
    messages = OutboxMessage.objects.filter(kind="trip.delayed").order_by("pk")
    return [Booking.objects.get(pk=message.payload["booking"]).reference for message in messages]


def test_all_times_move_and_the_traveller_gets_the_new_ones_with_the_ticket():
    trip = make_trip()
    booking = sold(trip, "1A")
    before = times(trip)
    assert delay_trip(trip.pk, by=TWO_HOURS) == 1
    assert times(trip) == [tuple(moment + TWO_HOURS for moment in stop) for stop in before]
    assert "ExclusiveLock" in gates_held(trip)

    outbox.drain()
    (message,) = mail.outbox
    assert message.to == [CONTACT.email]
    assert message.subject == f"New times for your booking {booking.reference}: RUH to JED"
    assert "9 a.m." in message.body.split("These are the new times")[0]
    assert "11 a.m." in message.body.split("These are the new times")[1]
    assert "The ticket with the new times is attached." in message.body
    assert [name.rpartition(".")[2] for name, _content, _type in message.attachments] == ["pdf", "ics"]


def test_a_calendar_takes_the_new_file_for_the_newer_one():
    trip = make_trip()
    booking = hold_seats(trip, "1A")
    pay(booking)
    outbox.drain()
    delay_trip(trip.pk, by=MINUTE)
    outbox.drain()
    first, second = (Calendar.from_ical(message.attachments[1][1]).walk("VEVENT")[0] for message in mail.outbox)
    assert first["uid"] == second["uid"]
    assert 0 < first["sequence"] < second["sequence"]
    assert second.start - first.start == MINUTE


def test_each_new_departure_is_told_and_none_twice():
    trip = make_trip()
    booking = sold(trip, "1A")
    for _delay in range(2):
        delay_trip(trip.pk, by=MINUTE)
    assert told() == [booking.reference] * 2
    outbox.drain()
    outbox.drain()
    assert len(mail.outbox) == 2


def test_who_holds_seats_is_told_and_who_let_them_go_is_not():
    trip = make_trip()
    holding, left, cancelled = hold_seats(trip, "1A"), hold_seats(trip, "1B"), sold(trip, "1C")
    cancel(left.pk, Wish())
    cancel(cancelled.pk, Wish())
    outbox.drain()
    mail.outbox.clear()
    assert delay_trip(trip.pk, by=MINUTE) == 1
    assert told() == [holding.reference]
    outbox.drain()
    assert "Your seats are still held for you." in mail.outbox[0].body
    assert mail.outbox[0].attachments == []


def test_what_has_passed_stays():
    trip = make_trip("RUH", "MED", "JED")
    gone, ahead = sold(trip, "1A", destination="MED"), sold(trip, "1B", origin="MED")
    first, second, last = times(trip)
    with turned_to(gone.boarding.departs_at + MINUTE):
        delay_trip(trip.pk, by=TWO_HOURS)
    assert times(trip) == [
        first,
        tuple(moment + TWO_HOURS for moment in second),
        tuple(moment + TWO_HOURS for moment in last),
    ]
    assert told() == [ahead.reference]


def test_a_sale_that_has_ended_does_not_begin_again():
    trip = make_trip()
    stop = trip.stops.earliest("position")
    with turned_to(stop.sales_end_at + MINUTE):
        delay_trip(trip.pk, by=TWO_HOURS)
    moved = TripStop.objects.get(pk=stop.pk)
    assert (moved.departs_at, moved.sales_end_at) == (stop.departs_at + TWO_HOURS, stop.sales_end_at)


def test_money_is_earned_at_the_new_departure():
    trip = make_trip()
    booking = sold(trip, "1A")
    was_to_leave = booking.boarding.departs_at
    delay_trip(trip.pk, by=TWO_HOURS)
    with turned_to(was_to_leave + MINUTE):
        assert complete_departed_bookings()["earned"] == 0
    with turned_to(was_to_leave + TWO_HOURS + MINUTE):
        assert complete_departed_bookings()["earned"] == 1
    assert JournalEntry.objects.get(kind="earning").effective_at == was_to_leave + TWO_HOURS


@pytest.mark.parametrize("by", [timedelta(), -MINUTE, timedelta(hours=24, seconds=1)])
def test_what_is_no_delay_changes_nothing(by):
    trip = make_trip()
    before = times(trip)
    with pytest.raises(FieldsInvalid):
        delay_trip(trip.pk, by=by)
    assert times(trip) == before


def test_a_trip_that_is_cancelled_or_over_is_not_delayed():
    for number, over in enumerate(("cancel", "depart")):
        trip = make_trip(number=f"T{number}")
        sold(trip, "1A")
        getattr(trip, over)(reason="x")
        before = times(trip)
        with pytest.raises(InvalidState):
            delay_trip(trip.pk, by=TWO_HOURS)
        assert times(trip) == before
    assert told() == []
