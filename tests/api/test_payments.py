"""Paying over REST."""

import pytest

from payments.models import Payment
from tests.api.asking import book, pay
from tests.payments.gateway import send_all


def test_a_payment_tells_what_is_paid_and_where(api, sandbox, trip):
    booking = book(api, trip, "1A", "1B")
    answer = pay(api, booking)
    assert answer.status_code == 201
    payment = answer.json()
    assert payment["booking"] == booking["reference"]
    assert (payment["status"], payment["amount"]) == ("pending", booking["total"])
    assert sum(part["amount"] for part in payment["breakdown"].values()) == payment["amount"]["amount"]
    assert payment["checkout_url"].startswith(sandbox.url)
    assert payment["expires_at"] == booking["expires_at"]
    again = pay(api, booking)
    assert (again.status_code, again.json()["id"]) == (200, payment["id"])
    assert api.get(f"/bookings/{booking['reference']}").json()["status"] == "pending_payment"
    assert len(sandbox.state["sessions"]) == 1


def test_the_whole_way_to_a_confirmed_booking(api, sandbox, trip):
    booking = book(api, trip)
    payment = pay(api, booking).json()
    sandbox.pay(sandbox.state["sessions"][0]["id"])
    send_all(sandbox)
    booking = api.get(f"/bookings/{booking['reference']}").json()
    assert (booking["status"], booking["payment_status"], booking["paid"]) == ("confirmed", "paid", booking["total"])
    assert booking["expires_at"] is None
    assert [step["to"] for step in booking["history"]] == ["pending", "pending_payment", "confirmed"]
    assert api.get(f"/payments/{payment['id']}").json()["status"] == "succeeded"
    seats = api.get(f"/trips/{trip.pk}/seats").json()["seats"]
    assert next(seat["status"] for seat in seats if seat["number"] == "1A") == "yours"


def test_sync_asks_the_gateway_now(api, sandbox, trip):
    payment = pay(api, book(api, trip)).json()
    assert api.post(f"/payments/{payment['id']}/sync").json()["status"] == "pending"
    sandbox.pay(sandbox.state["sessions"][0]["id"])
    assert api.post(f"/payments/{payment['id']}/sync").json()["status"] == "succeeded"


def test_a_payment_given_up_puts_the_booking_back(api, sandbox, trip):
    booking = book(api, trip)
    payment = pay(api, booking).json()
    answer = api.post(f"/payments/{payment['id']}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["checkout_url"]) == (200, "cancelled", None)
    assert api.get(f"/bookings/{booking['reference']}").json()["status"] == "pending"


def test_anothers_payment_is_not_there(api, stranger, sandbox, trip):
    payment = pay(api, book(api, trip)).json()
    assert stranger.get(f"/payments/{payment['id']}").status_code == 404
    for verb in ("sync", "cancel"):
        assert stranger.post(f"/payments/{payment['id']}/{verb}").status_code == 404
    assert Payment.objects.get().status == "pending"
    assert sandbox.state["sessions"][0]["status"] == "open"


def test_names_must_be_complete_before_payment(api, sandbox, trip):
    answer = pay(api, book(api, trip, "1A", "1B", named=False))
    assert (answer.status_code, answer.json()["code"]) == (409, "passengers_incomplete")
    assert answer.json()["seats"] == ["1A", "1B"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "http://127.0.0.1:8000@evil.example/", "javascript:alert(1)", "//evil.example"]
)
def test_a_return_address_elsewhere_is_refused(api, sandbox, trip, url):
    answer = pay(api, book(api, trip), body={"return_url": url})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "return_url")
    assert not Payment.objects.exists()


def test_a_return_address_of_a_configured_origin_is_taken(api, sandbox, trip, settings):
    settings.RETURN_ORIGINS = ["https://app.example"]
    assert pay(api, book(api, trip), body={"return_url": "https://app.example/done"}).status_code == 201


def test_a_gateway_that_is_down_says_so_and_the_same_request_succeeds_later(api, sandbox, trip, settings):
    booking = book(api, trip)
    up, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    answer = pay(api, booking, key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    settings.STRIPE_API_BASE = up
    answer = pay(api, booking, key="k")
    assert answer.status_code == 201
    assert Payment.objects.count() == 1


def test_a_gateway_that_refuses_is_a_bad_gateway(api, sandbox, trip, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    answer = pay(api, book(api, trip))
    assert (answer.status_code, answer.json()["code"]) == (502, "gateway_error")
    assert "sk_test" not in answer.content.decode()
