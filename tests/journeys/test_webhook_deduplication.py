"""An event comes again: after it was processed it changes nothing; if it was stored only, it is processed now."""

import json

import httpx
import pytest

from ledger.models import JournalEntry
from payments.models import GatewayEvent
from tests.journeys.traveller import session_of
from tests.payments.gateway import signed

pytestmark = pytest.mark.django_db(transaction=True)


def test_webhook_deduplication(web, traveller, sandbox):
    reference = traveller.hold("1A")
    sandbox.mode(delivery="drop")
    sandbox.pay(session_of(traveller.start_payment(reference)))
    (event,) = sandbox.events("checkout.session.completed")

    def deliver() -> httpx.Response:
        body = json.dumps(event)
        headers = {"Stripe-Signature": signed(body), "Content-Type": "application/json"}
        return httpx.post(f"{web}/webhooks/stripe", content=body, headers=headers, timeout=30)

    # Stored and not processed: the gateway does not answer what the event makes us ask, however often we do.
    sandbox.fault("error", path="/v1/checkout/sessions/", times=0)
    assert deliver().status_code == 500
    stored = GatewayEvent.objects.get()
    assert (stored.event_id, stored.processed_at, stored.retry_count) == (event["id"], None, 1)
    assert traveller.booking(reference)["status"] == "pending_payment"

    sandbox.clear_faults()
    answer = deliver()
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    processed = GatewayEvent.objects.get()
    assert processed.processed_at is not None
    assert processed.last_error == ""
    confirmed = traveller.booking(reference)
    assert confirmed["status"] == "confirmed"

    # Stored and processed.
    answer = deliver()
    assert (answer.status_code, answer.json()) == (200, {"received": True, "deduplicated": True})
    assert GatewayEvent.objects.get().processed_at == processed.processed_at
    assert traveller.booking(reference) == confirmed
    assert JournalEntry.objects.filter(kind="charge").count() == 1
