"""Whoever holds seats without paying is written to before the hold ends: once for each end, and not without need."""

from datetime import timedelta

import pytest
from django.core import mail

from bookings.actions.extend import extend
from bookings.actions.release import give_up
from bookings.actions.remind import remind_holders
from bookings.models import Booking
from core import jobs, outbox
from core.models import OutboxMessage
from tests.admin.scene import pay
from tests.clock import turned_to
from tests.world import CONTACT, hold_seats, make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking() -> Booking:
    return hold_seats(make_trip(), "1A")


def minutes_before_the_end(booking: Booking, minutes: float):
    return turned_to(booking.expires_at - timedelta(minutes=minutes), ticking=False)


def told() -> int:
    return OutboxMessage.objects.filter(kind="booking.hold_ends").count()


def test_five_minutes_before_the_end_an_e_mail_goes_out_once(booking):
    with minutes_before_the_end(booking, 5.1):
        assert remind_holders() == 0
    with minutes_before_the_end(booking, 4.9):
        assert jobs.run("remind_of_holds") == {"ending": 1}
        outbox.drain()
    with minutes_before_the_end(booking, 3.9):
        remind_holders()
        outbox.drain()
    (message,) = mail.outbox
    assert message.to == [CONTACT.email]
    text = message.body
    assert message.subject == f"Your seats of {booking.reference} are held for a few more minutes"
    assert f"The hold of booking {booking.reference} ends in 5 minutes. Until then you can pay SAR 105.00" in text
    assert f"/en/bookings/{booking.reference}?key=" in text
    assert "1A" in text


def test_a_hold_that_was_extended_is_told_of_again_and_not_of_the_end_that_it_had(booking):
    with minutes_before_the_end(booking, 4):
        remind_holders()
        extend(booking.pk)
        outbox.drain()
        assert mail.outbox == [], "what was to be told is not so any more"
    booking.refresh_from_db()
    with minutes_before_the_end(booking, 4):
        remind_holders()
        outbox.drain()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("meanwhile", [pay, lambda booking: give_up(booking, reason="changed their mind")])
def test_who_has_paid_or_given_up_is_not_disturbed(booking, meanwhile):
    meanwhile(booking)
    with minutes_before_the_end(booking, 4):
        assert remind_holders() == 0
    assert told() == 0


def test_who_pays_while_the_e_mail_waits_does_not_get_it(booking):
    with minutes_before_the_end(booking, 4):
        remind_holders()
        pay(booking)
        outbox.drain()
    assert [message.subject for message in mail.outbox if "few more minutes" in message.subject] == []


def test_after_the_end_nothing_is_said(booking):
    with minutes_before_the_end(booking, -0.1):
        assert remind_holders() == 0
    with minutes_before_the_end(booking, 4):
        remind_holders()
    with minutes_before_the_end(booking, -0.1):
        outbox.drain()
    assert mail.outbox == []


def test_a_hold_as_short_as_the_notice_brings_no_e_mail(settings):
    settings.HOLD = timedelta(minutes=5)
    booking = hold_seats(make_trip(), "1A")
    with minutes_before_the_end(booking, 2):
        assert remind_holders() == 0
