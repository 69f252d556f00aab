"""Travellers give seats back and see their money return: one of two by card, all of them from a bank account."""

import pytest

from bookings.models import Booking
from payments.actions.refund import process_due_refunds
from payments.models import Payment, Refund
from tests.services import wait_until

pytestmark = pytest.mark.parametrize("size", ["phone"])


def test_one_of_two_seats_is_given_back(visitor, tomorrow):
    visitor.search("en", tomorrow, passengers=2)
    visitor.choose_first_trip()
    visitor.hold("12A", "12B")
    visitor.type_names(seat12A="Layla Haddad", seat12B="Omar Saleh")
    visitor.press("pay")
    visitor.at_gateway("pay")
    visitor.see("Your booking is confirmed")
    visitor.look()

    page = visitor.page
    page.get_by_role("link", name="Cancel seats").click()
    visitor.see("What comes back for seats 12A, 12B")
    page.get_by_role("checkbox", name="12A").uncheck()
    page.get_by_role("button", name="Show what comes back").click()
    visitor.see("What comes back for seat 12B")
    visitor.look()
    offered = int(page.input_value("[name=expected]"))
    page.get_by_role("button", name="Cancel seat 12B and get").click()
    visitor.see("The seats are cancelled.")
    visitor.see("On its way to you")
    visitor.look()

    see_it_paid_back(visitor)
    booking = Booking.objects.get()
    assert (booking.status, booking.payment_status) == ("confirmed", "partially_refunded")
    assert [one.seat.number for one in booking.live_passengers()] == ["12A"]
    assert booking.refunded_amount == Refund.objects.get().amount == offered > 0


def test_a_journey_in_naira_is_paid_through_flutterwave_and_paid_back(visitor, tomorrow):
    visitor.open(f"/en/trips?origin=LOS&destination=ABV&date={tomorrow}&passengers=1")
    visitor.choose_first_trip()
    visitor.hold("5A")
    visitor.type_names(seat5A="Layla Haddad")
    visitor.look()
    page = visitor.page
    page.get_by_role("button", name="Flutterwave").click()
    page.wait_for_url("**/flutterwave/pay/**")
    page.click('button[name=action][value="pay"]')
    visitor.see("Your booking is confirmed")
    visitor.look()

    page.get_by_role("link", name="Cancel seats").click()
    page.get_by_role("button", name="Cancel seat 5A and get NGN").click()
    visitor.see("This booking is cancelled")
    see_it_paid_back(visitor)
    booking = Booking.objects.get()
    assert (booking.status, booking.currency, Payment.objects.get().gateway) == ("refunded", "NGN", "flutterwave")


def see_it_paid_back(visitor) -> None:
    """What the worker sends arrives, and the page says so."""
    process_due_refunds()
    wait_until(lambda: Refund.objects.get().status == "succeeded", "the refund to be paid")
    visitor.page.reload()
    visitor.see("Paid back")
    visitor.look()
