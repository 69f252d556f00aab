"""A traveller gives a booking up at the gateway's page: the seats are free at once, and nobody can pay any more."""

import httpx
import pytest

from ledger.models import JournalEntry
from tests.journeys.traveller import session_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_cancel_before_payment(traveller, sandbox):
    reference = traveller.hold("1A", "1B")
    payment = traveller.start_payment(reference)
    cancellation = f"bookings/{reference}/cancellation"
    quote = traveller.get(cancellation).json()
    assert (quote["refund"]["amount"], quote["seats"]) == (0, ["1A", "1B"])
    assert traveller.seats(reference)["1A"] == "yours"

    answer = traveller.post(cancellation, {"expected_refund": quote["refund"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert {traveller.seats(reference)[seat] for seat in ("1A", "1B")} == {"free"}
    assert traveller.get(f"payments/{payment['id']}").json()["status"] == "cancelled"
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        sandbox.pay(session_of(payment))
    assert sandbox.state["charges"] == []
    assert not JournalEntry.objects.exists()

    again = traveller.hold("1A", "1B")
    assert again != reference
