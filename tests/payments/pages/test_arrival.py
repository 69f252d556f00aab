"""Coming back from the gateway's page: what is said, and what happens when the gateway does not answer."""

import uuid

import pytest
from django.test import Client

from bookings.models import Booking
from payments.actions.cancel import Wish, cancel
from payments.models import Payment
from tests.bookings.pages.conftest import booking_url, hold_on_page, text_of
from tests.database import age_hold
from tests.payments.scene import fresh
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(sandbox, visitor, trip) -> Booking:
    return hold_on_page(visitor, trip, "1A")


@pytest.fixture
def payment(visitor, booking) -> Payment:
    visitor.post(booking_url(booking, "/pay"), {"name-1A": "Layla Haddad"})
    return Payment.objects.get()


def back(payment: Payment, query: str = "") -> str:
    return f"/en/payments/{payment.pk}/return{query}"


def test_a_paid_booking_is_confirmed_without_waiting_for_the_webhook(visitor, sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    answer = visitor.get(back(payment), follow=True)
    assert answer.redirect_chain == [(booking_url(booking), 302)]
    page = text_of(answer)
    assert "Thank you. Your payment arrived and the booking is confirmed." in page
    assert f"Booking reference {booking.reference}" in page
    assert "1A Layla Haddad" in page
    assert "Paid SAR 105.00" in page


def test_the_gateways_own_return_address_is_this_page(sandbox, payment):
    session = sandbox.state["sessions"][0]
    assert session["success_url"].endswith(back(payment))
    assert session["cancel_url"].endswith(back(payment, "?left=1"))


def test_coming_back_without_paying_keeps_the_payment_open(visitor, booking, payment):
    answer = visitor.get(back(payment, "?left=1"), follow=True)
    assert "You came back without paying. Your seats are still held" in text_of(answer)
    assert "Continue the payment" in text_of(answer)
    assert Payment.objects.get().is_open


def test_money_that_is_on_its_way_is_told(visitor, sandbox, booking, payment):
    sandbox.pay(payment.session_id, "bank_transfer")
    answer = visitor.get(back(payment), follow=True)
    assert "Your bank is still working on the payment." in text_of(answer)
    assert "Your bank is working on the payment There is nothing more for you to do." in text_of(answer)


def test_a_gateway_that_does_not_answer_is_no_error_page(visitor, booking, payment, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = visitor.get(back(payment))
    assert answer.status_code == 200
    assert "We have not heard from the bank yet" in text_of(answer)
    assert booking.reference in text_of(answer)
    assert '<meta http-equiv="refresh" content="4; url=?look=1">' in answer.content.decode()


def test_the_page_does_not_look_again_for_ever(visitor, booking, payment, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = visitor.get(back(payment, "?look=20"))
    assert "http-equiv" not in answer.content.decode()
    assert "It takes longer than usual." in text_of(answer)
    assert 'href="?look=21"' in answer.content.decode()


def test_a_payment_that_is_not_through_yet_is_waited_for(visitor, payment):
    assert "We have not heard from the bank yet" in text_of(visitor.get(back(payment)))


@pytest.mark.django_db(transaction=True)
def test_money_that_came_too_late_goes_back_and_the_page_says_so(visitor, sandbox, trip, booking, payment):
    sandbox.pay(payment.session_id)
    age_hold(booking)
    hold_seats(trip, "1A")
    answer = visitor.get(back(payment), follow=True)
    assert "Your payment arrived after the seats were gone. All of it goes back to you by itself." in text_of(answer)
    assert "The seats were gone when the money arrived. SAR 105.00 goes back to you by itself." in text_of(answer)
    assert "On its way to you SAR 105.00" in text_of(answer)


def test_the_way_back_from_flutterwave_without_paying_waits_for_nothing(visitor, sandbox):
    booking = hold_on_page(visitor, make_trip(currency="NGN"), "1A")
    visitor.post(booking_url(booking, "/pay"), {"name-1A": "Layla Haddad", "gateway": "flutterwave"})
    payment = Payment.objects.get()
    answer = visitor.get(back(payment, f"?status=cancelled&tx_ref={payment.session_id}"), follow=True)
    assert "You came back without paying. Your seats are still held" in text_of(answer)
    assert Payment.objects.get().is_open


def test_a_word_in_the_address_pays_nothing(visitor, sandbox):
    booking = hold_on_page(visitor, make_trip(currency="NGN"), "1A")
    visitor.post(booking_url(booking, "/pay"), {"name-1A": "Layla Haddad", "gateway": "flutterwave"})
    payment = Payment.objects.get()
    answer = visitor.get(back(payment, f"?status=successful&tx_ref={payment.session_id}&transaction_id=1"))
    assert "We have not heard from the bank yet" in text_of(answer)
    assert fresh(booking).status == "pending_payment"


def test_a_second_payment_is_told_to_go_back(visitor, sandbox, booking, payment):
    copy = abandoned_page(visitor, booking, payment)
    sandbox.pay(copy.session_id)
    visitor.get(back(copy), follow=True)
    sandbox.pay(payment.session_id)
    page = text_of(visitor.get(back(payment), follow=True))
    assert "The booking was paid already. SAR 105.00 goes back to you by itself." in page
    assert "Thank you" not in page
    assert "Your booking is confirmed" in page
    assert "On its way to you SAR 105.00" in page


def abandoned_page(visitor, booking: Booking, payment: Payment) -> Payment:
    """Another payment of the booking, begun when the first was believed to be over."""
    Payment.objects.filter(pk=payment.pk).update(status="cancelled")
    visitor.post(booking_url(booking, "/pay"), {"name-1A": "Layla Haddad"})
    return Payment.objects.exclude(pk=payment.pk).get()


def test_the_way_back_opened_again_after_everything_says_nothing_wrong(visitor, sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    visitor.get(back(payment))
    cancel(booking.pk, Wish())
    answer = visitor.get(back(payment), follow=True)
    assert answer.redirect_chain == [(booking_url(booking), 302)]
    assert "This booking is cancelled SAR 84.00 is on its way back to you." in text_of(answer)
    assert "gone" not in text_of(answer)


def test_another_browser_learns_nothing_about_the_booking(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    answer = Client().get(back(payment))
    assert "Your payment arrived." in text_of(answer)
    assert booking.reference not in answer.content.decode()
    assert booking.contact_email not in answer.content.decode()
    assert Booking.objects.get().status == "confirmed"


def test_an_unknown_payment_is_not_found(visitor, db):
    assert visitor.get(f"/en/payments/{uuid.uuid4()}/return").status_code == 404


def test_a_payment_that_an_app_started_leads_back_to_the_app_and_is_applied(sandbox, booking, payment):
    Payment.objects.update(return_url="https://app.example/paid?from=berth")
    sandbox.pay(payment.session_id)
    answer = Client().get(back(payment))
    assert (answer.status_code, answer["Location"]) == (302, "https://app.example/paid?from=berth")
    assert Booking.objects.get().status == "confirmed"
