"""The same key with the same request gets the same answer; with another request it is refused, and nothing is done."""

import uuid

import pytest

from bookings.models import Booking, SeatClaim
from payments.models import Payment

pytestmark = pytest.mark.django_db(transaction=True)


def test_idempotency(traveller, sandbox):
    key = uuid.uuid4().hex
    first = traveller.post("bookings", traveller.wanted("1A", "1B"), key)
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers

    again = traveller.post("bookings", traveller.wanted("1A", "1B"), key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"

    other = traveller.post("bookings", traveller.wanted("2A"), key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_payload_mismatch")
    assert Booking.objects.count() == 1
    assert set(SeatClaim.objects.values_list("seat__number", flat=True)) == {"1A", "1B"}

    # Payments have keys of their own, so the same one may serve again.
    payments = f"bookings/{first.json()['reference']}/payments"
    started = traveller.post(payments, {"gateway": "stripe"}, key)
    assert started.status_code == 201
    assert traveller.post(payments, {"gateway": "stripe"}, key).json() == started.json()
    refused = traveller.post(payments, {"gateway": "flutterwave"}, key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_payload_mismatch")
    assert Payment.objects.get().gateway == "stripe"
    assert len(sandbox.state["sessions"]) == 1
    assert sandbox.flutterwave_state["links"] == []
