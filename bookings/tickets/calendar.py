"""A journey for the traveller's calendar (iCalendar, RFC 5545)."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vUri

from bookings.models import Booking, TripStop


def calendar_of(booking: Booking) -> bytes:
    """The journey in the language of the moment. Its uid is the booking's, so that a later file replaces it.

    Its link opens nothing by itself: calendars are shared.
    """
    boarding, alighting = booking.boarding, booking.alighting
    event = Event()
    event.add("uid", f"{booking.reference}@{urlsplit(settings.PUBLIC_URL).hostname}")
    event.add("dtstamp", timezone.now())
    event.add("sequence", _sequence(booking))
    event.add("dtstart", boarding.departs_at.astimezone(UTC))
    event.add("dtend", alighting.arrives_at.astimezone(UTC))
    event.add(
        "summary", f"{_named(boarding)} – {_named(alighting)}, {booking.trip.operator.name} {booking.trip.number}"
    )
    event.add("location", f"{boarding.place.local_name}, {boarding.place.local_city}")
    seats = ", ".join(passenger.seat.number for passenger in booking.live_passengers())
    event.add("description", f"{_('Booking reference')}: {booking.reference}\n{_('Seats')}: {seats}")
    event.add("url", vUri(f"{settings.PUBLIC_URL}{reverse('bookings:booking', args=[booking.reference])}"))
    event.add("status", "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//{settings.SITE_NAME}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _sequence(booking: Booking) -> int:
    """How calendars tell the newer of two files: minutes from the day before the trip's to departure.

    It grows with every delay, and a trip is never moved forward once it has travellers.
    """
    day_before = datetime.combine(booking.trip.service_date, time.min, UTC) - timedelta(days=1)
    return (booking.boarding.departs_at - day_before) // timedelta(minutes=1)


def _named(stop: TripStop) -> str:
    return f"{stop.place.local_city} ({stop.place.code})"
