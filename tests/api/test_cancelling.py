"""Cancelling over REST."""

import pytest

from bookings.models import Booking
from tests.api.asking import book, cancel, pay


def test_cancelling_before_payment_frees_the_seats(api, stranger, sandbox, trip):
    booking = book(api, trip)
    pay(api, booking)
    changed = cancel(api, booking, amount=5)
    assert (changed.status_code, changed.json()["code"]) == (409, "quote_changed")
    assert Booking.objects.get().status == "pending_payment"
    answer = cancel(api, booking)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["passengers"][0]["status"] == "cancelled"
    book(stranger, trip, "1A")
    again = cancel(api, booking)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "invalid_state", "cancelled")


@pytest.mark.parametrize("currency", ["sar", "ÄÖÜ", "", None, 5, "SARX"])
def test_a_currency_that_is_none_is_named(api, sandbox, trip, currency):
    path = f"/bookings/{book(api, trip)['reference']}/cancellation"
    answer = api.post(path, {"expected_refund": {"amount": 0, "currency": currency}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expected_refund.currency")


def test_a_cancellation_answers_with_its_history(api, sandbox, trip):
    booking = book(api, trip)
    answer = cancel(api, booking).json()
    assert [step["to"] for step in answer["history"]] == ["pending", "cancelled"]
    assert answer == api.get(f"/bookings/{booking['reference']}").json()


def test_a_cancellation_may_say_what_fee_it_expects(api, sandbox, trip):
    path = f"/bookings/{book(api, trip)['reference']}/cancellation"
    offer = api.get(path).json()
    answer = api.post(path, {"expected_refund": offer["refund"], "expected_fee": {"amount": 500, "currency": "SAR"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "quote_changed")
    assert (answer.json()["refund"], answer.json()["fee"]) == (offer["refund"], offer["fee"])
    assert Booking.objects.get().status == "pending"
    answer = api.post(path, {"expected_refund": offer["refund"], "expected_fee": offer["fee"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_a_cancellation_of_no_seats_at_all_is_refused(api, sandbox, trip):
    path = f"/bookings/{book(api, trip, '1A', '1B')['reference']}/cancellation"
    answer = api.post(path, {"seats": [], "expected_refund": {"amount": 0, "currency": "SAR"}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "seats")
    assert Booking.objects.get().status == "pending"
