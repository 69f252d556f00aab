"""Tickets: a signed code, a document in the reader's language, an entry for the calendar, and who gets them."""

import io
from base64 import urlsafe_b64decode
from datetime import UTC

import pytest
from cryptography.exceptions import InvalidSignature
from django.core import mail
from django.utils.translation import override
from icalendar import Calendar
from pypdf import PdfReader

from bookings.models import Booking
from bookings.queries import bookings_in_full
from bookings.tickets import code
from bookings.tickets.calendar import calendar_of
from bookings.tickets.pdf import ticket_pdf
from core import outbox
from payments.actions.cancel import Wish, cancel
from tests.admin.scene import pay
from tests.api.conftest import Api
from tests.world import hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db
FILES = ("ticket.pdf", "ticket.ics")


@pytest.fixture
def booking() -> Booking:
    """Two sold seats of Layla's."""
    held = hold_seats(make_trip(), "1A", "1B", owner_id=make_user().pk)
    pay(held)
    return full(held)


def full(booking: Booking) -> Booking:
    return bookings_in_full().get(pk=booking.pk)


def words(document: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(document)).pages]


# ------------------------------------------------------------------------------------------------------------- the code
def verify(text: str, secret: str) -> str:
    """What a code says, if it was signed with the key of this secret. Raises InvalidSignature."""
    told, _, signature = text.rpartition(".")
    code._key(secret).public_key().verify(urlsafe_b64decode(signature + "=="), told.encode())
    return told


def test_a_code_names_a_passenger_and_nobody_else_can_make_one(booking, settings):
    first, second = booking.live_passengers()
    text = code.code_of(booking, second)
    (secret,) = settings.TICKET_SECRETS
    assert verify(text, secret) == f"B1.{booking.reference}.2"
    assert code.code_of(booking, second) == text != code.code_of(booking, first)
    for forged in (text.replace(".2.", ".1."), text.replace("B1", "B2")):
        with pytest.raises(InvalidSignature):
            verify(forged, secret)
    with pytest.raises(InvalidSignature):
        verify(text, "another secret")


def test_a_passengers_code_stays_when_another_gives_up_the_seat(booking):
    first, second = booking.live_passengers()
    before = code.code_of(booking, second)
    cancel(booking.pk, Wish(seats=[first.seat.number]))
    assert code.code_of(full(booking), second) == before


def test_a_new_secret_signs_new_tickets(booking, settings):
    passenger = booking.live_passengers()[0]
    old = code.code_of(booking, passenger)
    settings.TICKET_SECRETS = ["new-secret", *settings.TICKET_SECRETS]
    assert code.code_of(booking, passenger) != old
    assert verify(code.code_of(booking, passenger), "new-secret") == verify(old, settings.TICKET_SECRETS[1])


# --------------------------------------------------------------------------------------------------------- the document
def test_each_traveller_has_a_page_with_what_is_needed_at_the_door(booking):
    pages = words(ticket_pdf(booking))
    assert len(pages) == 2
    for page, seat in zip(pages, ("1A", "1B"), strict=True):
        assert f"Traveller {seat}" in page
        assert f"{seat} · standard" in page
        assert booking.reference in page.replace(" ", "")
        assert "Operator SAR T1" in page
        assert "09:00" in page
        assert "RUH (RUH)" in page
        assert "JED (JED)" in page


def test_who_gave_up_the_seat_has_no_page(booking):
    cancel(booking.pk, Wish(seats=["1A"]))
    (page,) = words(ticket_pdf(full(booking)))
    assert "Traveller 1B" in page


def test_a_name_longer_than_the_ticket_is_made_smaller_and_not_cut(booking):
    passenger = booking.live_passengers()[0]
    passenger.full_name = "Abdulrahman " * 9 + "Al-Qahtani"
    passenger.save()
    assert passenger.full_name in words(ticket_pdf(full(booking)))[0]


def test_in_arabic_it_is_another_document(booking):
    with override("ar"):
        arabic = ticket_pdf(booking)
    assert len(words(arabic)) == 2
    assert "Passenger" not in words(arabic)[0]


# --------------------------------------------------------------------------------------------------------- the calendar
def test_the_calendar_has_the_journey_in_universal_time_and_opens_nothing_by_itself(booking):
    (event,) = Calendar.from_ical(calendar_of(booking)).events
    assert event.start == booking.boarding.departs_at
    assert event.end == booking.alighting.arrives_at
    assert event.start.utcoffset() == UTC.utcoffset(None)
    assert event["uid"] == f"{booking.reference}@127.0.0.1"
    assert "RUH (RUH) – JED (JED), Operator SAR T1" in event["summary"]
    assert "1A, 1B" in event["description"]
    assert "key" not in event["url"]


# ------------------------------------------------------------------------------------------------------- who gets them
@pytest.mark.parametrize("file", FILES)
def test_programs_get_their_own_files_whatever_they_say_they_accept(booking, file):
    owner = Api(booking.owner)
    answer = owner.get(f"/bookings/{booking.reference}/{file}")
    assert answer.status_code == 200
    assert answer["Content-Type"].split(";")[0] == {"pdf": "application/pdf", "ics": "text/calendar"}[file[-3:]]
    assert answer["Content-Disposition"] == f'inline; filename="{booking.reference}.{file[-3:]}"'
    picky = owner.send("GET", f"/bookings/{booking.reference}/{file}", key=None, Accept=answer["Content-Type"])
    assert picky.content[:4] == answer.content[:4]


@pytest.mark.parametrize("file", FILES)
def test_nobody_gets_anothers_files(booking, file):
    address = f"/bookings/{booking.reference}/{file}"
    assert Api().get(address).status_code == 401
    assert Api(make_user("stranger@example.com")).get(address).status_code == 404


@pytest.mark.parametrize("file", FILES)
def test_without_a_confirmed_booking_there_is_no_ticket(file):
    owner = make_user()
    booking = hold_seats(make_trip(), "1A", owner_id=owner.pk)
    answer = Api(owner).get(f"/bookings/{booking.reference}/{file}")
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "invalid_state", "pending")


@pytest.mark.parametrize("file", FILES)
def test_on_the_pages_whoever_may_see_the_booking_gets_the_file_and_nobody_else(client, booking, file):
    assert client.get(f"/en/bookings/{booking.reference}/{file}").status_code == 404
    client.force_login(booking.owner)
    page = client.get(f"/en/bookings/{booking.reference}").content.decode()
    assert f'href="/en/bookings/{booking.reference}/{file}"' in page
    answer = client.get(f"/ar/bookings/{booking.reference}/{file}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_on_the_pages_an_unpaid_booking_leads_back_to_its_page(client):
    owner = make_user()
    booking = hold_seats(make_trip(), "1A", owner_id=owner.pk)
    client.force_login(owner)
    answer = client.get(f"/en/bookings/{booking.reference}/ticket.pdf")
    assert (answer.status_code, answer.url) == (302, f"/en/bookings/{booking.reference}")


# ----------------------------------------------------------------------------------------------------------- the e-mail
def test_the_confirmation_brings_both_files_in_the_language_of_the_booking(booking):
    outbox.drain()
    (message,) = mail.outbox
    (ticket, calendar) = message.attachments
    assert (ticket[0], ticket[2]) == (f"{booking.reference}.pdf", "application/pdf")
    assert (calendar[0], calendar[2]) == (f"{booking.reference}.ics", "text/calendar")
    assert len(words(ticket[1])) == 2


def test_a_confirmation_that_is_late_brings_no_ticket_of_a_booking_that_was_given_up(booking):
    cancel(booking.pk, Wish())
    outbox.drain()
    (late,) = [message for message in mail.outbox if message.subject.startswith("Your booking")]
    assert late.attachments == []
