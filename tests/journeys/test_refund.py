"""A paid booking is cancelled for what was quoted, and the worker sends the money back."""

import pytest

from ledger.queries import trial_balance
from payments.models import GatewayEvent
from tests.journeys.traveller import wait_for_letter
from tests.payments.scene import held_by_gateway
from tests.services import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_refund(traveller, sandbox, worker, mails):
    reference, payment = traveller.buy(sandbox, "1A", "1B")
    cancellation = f"bookings/{reference}/cancellation"
    quote = traveller.get(cancellation).json()
    total = payment["amount"]["amount"]
    back = total * 80 // 100  # a week before departure
    assert (quote["refund"]["amount"], quote["fee"]["amount"]) == (back, total - back)

    too_much = traveller.post(cancellation, {"expected_refund": payment["amount"]})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "quote_changed")
    assert too_much.json()["refund"] == quote["refund"]
    assert traveller.booking(reference)["status"] == "confirmed"
    assert sandbox.state["refunds"] == []

    answer = traveller.post(cancellation, {"expected_refund": quote["refund"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert {traveller.seats(reference)[seat] for seat in ("1A", "1B")} == {"free"}
    refunded = traveller.wait_for(reference, "refunded")
    assert (refunded["payment_status"], refunded["refunded"]) == ("partially_refunded", quote["refund"])
    (refund,) = sandbox.state["refunds"]
    assert (refund["amount"], refund["status"]) == (back, "succeeded")
    wait_for_letter(mails, "are cancelled")
    wait_for_letter(mails, "was paid back")

    def all_heard() -> bool:
        on_balance = {"charge", "refund"} <= {line["type"] for line in sandbox.state["balance_transactions"]}
        processed = GatewayEvent.objects.exclude(processed_at=None).count()
        return on_balance and processed == len(sandbox.events())

    wait_until(all_heard, "every event to be processed")
    books = trial_balance()["currencies"]["SAR"]
    assert books["total_debit"] == books["total_credit"]
    balances = {account["code"]: account["balance"] for account in books["accounts"]}
    assert balances["gateway:stripe:clearing"] == held_by_gateway(sandbox)["SAR"]
    assert not balances["refunds:payable"]
    assert not balances["travellers:unearned"]
