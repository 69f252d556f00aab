"""A card is declined, a transfer never arrives, and a third try succeeds."""

import pytest

from bookings.models import SeatClaim
from ledger.models import JournalEntry
from tests.journeys.traveller import letters, session_of, wait_for_letter
from tests.services import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_payment_failure(traveller, sandbox, worker, mails):
    reference = traveller.hold("1A", "1B")
    payment = traveller.start_payment(reference)
    path = f"payments/{payment['id']}"

    sandbox.pay(session_of(payment), "declined")
    declined = wait_until(
        lambda: (told := traveller.get(path).json())["status"] == "failed" and told, "the decline to be known"
    )
    assert "declined" in declined["last_error"]
    assert declined["checkout_url"] == payment["checkout_url"]
    assert traveller.booking(reference)["status"] == "pending_payment"
    assert traveller.start_payment(reference)["id"] == payment["id"]

    sandbox.pay(session_of(payment), "bank_transfer")
    wait_until(lambda: traveller.get(path).json()["status"] == "processing", "the transfer to be known")
    sandbox.control(f"sessions/{session_of(payment)}/settle", success=False)
    failed = traveller.wait_for(reference, "failed")
    assert (failed["payment_status"], failed["paid"]["amount"]) == ("unpaid", 0)
    assert traveller.get(path).json()["checkout_url"] is None
    assert {traveller.seats(reference)[seat] for seat in ("1A", "1B")} == {"free"}
    assert reference in str(wait_for_letter(mails, "did not arrive")["Subject"])
    assert not SeatClaim.objects.exists()
    assert not JournalEntry.objects.exists()

    another = traveller.start_payment(reference)
    assert another["id"] != payment["id"]
    sandbox.pay(session_of(another))
    assert traveller.wait_for(reference, "confirmed")["paid"] == another["amount"]
    wait_for_letter(mails, reference)
    wait_until(lambda: len(letters(mails)) == 2, "the confirmation")
