"""What goes otherwise than planned: a card that is declined, a payment given up, a time that is over."""

import pytest
from django.utils import timezone

from bookings.models import Booking
from payments.models import Payment
from tests.database import age_hold


@pytest.fixture
def held(visitor, tomorrow) -> Booking:
    """A guest in front of their held booking, with a name typed."""
    visitor.search("en", tomorrow, passengers=1)
    visitor.choose_first_trip()
    visitor.hold("12A")
    visitor.type_names(seat12A="Layla Haddad")
    return Booking.objects.get()


def test_a_declined_card_then_a_good_one(visitor, held):
    visitor.press("pay")
    visitor.at_gateway("decline")
    visitor.page.get_by_role("alert").wait_for()
    visitor.at_gateway("leave")
    visitor.see("The payment was declined. No money was taken; you can try again.")
    assert visitor.page.input_value('[name="name-12A"]') == "Layla Haddad"
    visitor.look()
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see("Your booking is confirmed")
    assert Payment.objects.get().status == "succeeded"


def test_coming_back_giving_the_payment_up_and_paying_again(visitor, held):
    visitor.press("pay")
    visitor.at_gateway("leave")
    visitor.see("You came back without paying.")
    visitor.look()
    visitor.press("leave")
    visitor.see("The payment was given up. Your seats are still held.")
    visitor.look()
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see("Your booking is confirmed")
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["cancelled", "succeeded"]


def test_giving_the_booking_up(visitor, held):
    visitor.page.get_by_role("link", name="Give this booking up").click()
    visitor.look()
    visitor.page.get_by_role("button", name="Give it up").click()
    visitor.see("The booking was given up, and nothing was charged.")
    visitor.look()
    assert Booking.objects.get().status == "cancelled"


def test_more_time_keeps_what_was_typed(visitor, held):
    age_hold(held, minutes=13.5)
    visitor.page.reload()
    visitor.see("Less than two minutes left.")
    visitor.look()
    visitor.type_names(seat12A="Layla Haddad")
    visitor.press("extend")
    visitor.see("You have more time.")
    assert visitor.page.input_value('[name="name-12A"]') == "Layla Haddad"
    assert (Booking.objects.get().expires_at - timezone.now()).total_seconds() > 14 * 60


def test_a_hold_that_ends_while_somebody_looks(visitor, held):
    age_hold(held, minutes=14.95)
    visitor.page.reload()
    visitor.type_names(seat12A="Layla Haddad")
    visitor.see("The time is over.")
    assert visitor.page.input_value('[name="name-12A"]') == "Layla Haddad"
    visitor.press("pay")
    visitor.see("The time to pay is over, and the seats are on sale again.")
    visitor.look()
    visitor.page.get_by_role("link", name="Look at this trip again").click()
    visitor.hold("12A")
    assert visitor.page.input_value('[name="name-12A"]') == "Layla Haddad"
