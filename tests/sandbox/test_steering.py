"""The steering wheel that tests of Berth itself use."""

import pytest
import stripe
from django.conf import settings

from tests.sandbox.conftest import session_params
from tests.services import sandbox_server


@pytest.fixture
def steered(tmp_path):
    with sandbox_server(tmp_path / "state.sqlite3") as sandbox:
        yield sandbox


def test_every_call_does_what_it_says(steered):
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": steered.url}).v1
    session = client.checkout.sessions.create(params=session_params())
    [copy] = steered.copy_session(session.id, [{"payment_id": "7"}])
    steered.mode(refund_outcome="pending", charge_updated_delay_seconds=0)
    steered.pay(copy)
    [charge] = steered.objects("charges")

    refund = steered.refund_in_dashboard(charge["id"], amount=500)
    assert (refund["amount"], refund["status"]) == (500, "pending")
    assert steered.settle_refund(refund["id"], success=True)["status"] == "succeeded"
    inquiry = steered.dispute(charge["id"], amount=700, reason="duplicate", inquiry=True)
    assert (inquiry["amount"], inquiry["reason"], inquiry["status"]) == (700, "duplicate", "warning_needs_response")
    assert steered.move_dispute(inquiry["id"], "warning_closed")["status"] == "warning_closed"
    assert steered.dispute(charge["id"])["amount"] == 12_000
    steered.book("stripe_fee", -900, "sar", description="Radar")
    payout = steered.pay_out("sar")
    assert steered.settle_payout(payout["id"], success=True)["status"] == "paid"
    newest = steered.objects("balance_transactions", limit=2)
    assert [one["type"] for one in newest] == ["stripe_fee", "payout"]

    steered.fault("error", path="/v1/balance", status=503)
    with pytest.raises(stripe.APIError):
        client.balance.retrieve()
    assert [fault["used"] for fault in steered.faults] == [1]
    steered.clear_faults()
    assert steered.faults == []


def test_the_feed_tells_every_event_once_and_in_order(steered):
    steered.mode(delivery="drop", charge_updated_delay_seconds=0)
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": steered.url}).v1
    session = client.checkout.sessions.create(params=session_params())
    assert steered.feed() == (0, [])
    steered.pay(session.id)
    position, told = steered.feed()
    assert [one["body"] for one in told] == steered.events()
    assert {one["gateway"] for one in told} == {"stripe"}
    assert steered.feed(position) == (position, [])
    [charge] = steered.objects("charges")
    steered.control(f"charges/{charge['id']}/refund")
    later, more = steered.feed(position)
    assert later > position
    assert [one["body"] for one in (*told, *more)] == steered.events()
