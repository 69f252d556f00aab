"""Paying, giving the payment up, giving an unpaid booking up: without JavaScript, against the sandbox."""

import pytest

from bookings.models import Booking, Passenger
from payments.models import Payment
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.database import age_hold
from tests.world import hold_seats

pytestmark = pytest.mark.django_db

NAMES = {"name-1A": "Layla Haddad", "name-1B": "Omar Saleh"}


@pytest.fixture
def booking(sandbox, visitor, trip) -> Booking:
    return hold_on_page(visitor, trip, "1A", "1B")


def pay(visitor, booking: Booking, **names: str):
    return visitor.post(booking_url(booking, "/pay"), NAMES | names)


def names(booking: Booking) -> list[str]:
    return list(Passenger.objects.filter(booking=booking).order_by("id").values_list("full_name", flat=True))


def status(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).status


def test_paying_saves_the_names_and_leads_to_the_gateways_page(visitor, sandbox, booking):
    answer = pay(visitor, booking)
    payment = Payment.objects.get()
    assert answer.status_code == 302
    assert answer.url == payment.checkout_url
    assert answer.url.startswith(sandbox.url)
    assert names(booking) == list(NAMES.values())
    assert status(booking) == "pending_payment"


def test_without_a_name_no_payment_is_started_and_the_others_are_kept(visitor, sandbox, booking):
    answer = pay(visitor, booking, **{"name-1B": " "})
    assert answer.context["form"].errors == {"name-1B": ["Who sits on 1B?"]}
    assert 'value="Layla Haddad"' in answer.content.decode()
    assert not Payment.objects.exists()
    assert not sandbox.state["sessions"]


def test_paying_again_leads_to_the_same_page(visitor, booking):
    assert pay(visitor, booking).url == pay(visitor, booking).url
    assert Payment.objects.count() == 1
    assert "Continue the payment" in text_of(visitor.get(booking_url(booking)))


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_ended_cannot_be_paid(visitor, sandbox, booking):
    age_hold(booking)
    answer = visitor.post(booking_url(booking, "/pay"), NAMES, follow=True)
    assert "The time to pay is over, and the seats are on sale again." in text_of(answer)
    assert not sandbox.state["sessions"]


def test_a_declined_card_is_told_and_can_be_tried_again(visitor, sandbox, booking):
    page = pay(visitor, booking).url
    payment = Payment.objects.get()
    sandbox.pay(payment.session_id, "declined")
    answer = visitor.get(f"/en/payments/{payment.pk}/return?left=1", follow=True)
    assert "The payment was declined No money was taken and your seats are still held." in text_of(answer)
    assert "What the payment service says: Your card was declined." in text_of(answer)
    assert "Try the payment again" in text_of(answer)
    assert pay(visitor, booking).url == page


def test_giving_the_payment_up_keeps_the_seats_and_the_names(visitor, sandbox, booking):
    pay(visitor, booking)
    answer = visitor.post(booking_url(booking, "/leave"), NAMES | {"name-1B": "Huda Saleh"}, follow=True)
    assert "The payment was given up. Your seats are still held." in text_of(answer)
    assert status(booking) == "pending"
    assert names(booking) == ["Layla Haddad", "Huda Saleh"]
    assert [session["status"] for session in sandbox.state["sessions"]] == ["expired"]
    assert pay(visitor, booking).status_code == 302
    assert Payment.objects.count() == 2


def test_giving_up_a_payment_that_had_arrived_confirms_the_booking(visitor, sandbox, booking):
    pay(visitor, booking)
    sandbox.pay(Payment.objects.get().session_id)
    answer = visitor.post(booking_url(booking, "/leave"), NAMES, follow=True)
    assert "The payment had arrived already." in text_of(answer)
    assert status(booking) == "confirmed"


def test_giving_the_booking_up_is_asked_first(visitor, booking):
    asked = visitor.get(booking_url(booking, "/cancel"))
    assert "Give the booking up?" in text_of(asked)
    assert status(booking) == "pending"


def test_giving_the_booking_up_frees_its_seats(visitor, trip, booking):
    pay(visitor, booking)
    answer = visitor.post(booking_url(booking, "/cancel"), follow=True)
    assert "The booking was given up, and nothing was charged." in text_of(answer)
    assert "This booking is cancelled" in text_of(answer)
    assert status(booking) == "cancelled"
    hold_seats(trip, "1A", "1B")


def test_a_booking_that_was_paid_meanwhile_is_not_given_up(visitor, sandbox, booking):
    pay(visitor, booking)
    sandbox.pay(Payment.objects.get().session_id)
    answer = visitor.post(booking_url(booking, "/cancel"), follow=True)
    assert "The booking has changed meanwhile. This is how it stands now." in text_of(answer)
    assert "Your booking is confirmed" in text_of(answer)
    assert status(booking) == "confirmed"
