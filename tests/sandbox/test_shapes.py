"""The sandbox's objects against the SDK's own description of them, which is generated from Stripe's specification."""

import re

import pytest
import stripe


def described(resource):
    """Field names that the SDK's class knows, and those of them that are never null."""
    fields = {
        name: str(kind) for name, kind in resource.__annotations__.items() if re.fullmatch("[a-z][a-z_0-9]*", name)
    }
    nullable = {name for name, kind in fields.items() if "Optional[" in kind or "NoneType" in kind}
    return set(fields), set(fields) - nullable


@pytest.fixture(scope="module")
def whole(running_sandbox):
    """One of each, from a payment that was declined once."""
    sandbox, client = running_sandbox, running_sandbox.client.v1
    sandbox.control("reset")
    session = sandbox.pay("declined")
    sandbox.control(f"sessions/{session.id}/pay", method="card")
    intent = client.payment_intents.retrieve(session.payment_intent)
    sandbox.control(f"charges/{intent.latest_charge}/balance")
    charge = client.charges.retrieve(intent.latest_charge)
    sandbox.control("mode", refund_outcome="pending")
    failed, pending = (client.refunds.create(params={"charge": charge.id, "amount": 1}) for _ in range(2))
    sandbox.control(f"refunds/{failed.id}/settle", success=False)
    disputed = sandbox.control(f"charges/{charge.id}/dispute")
    payout = sandbox.control("payouts", currency="sar")
    sandbox.control(f"payouts/{payout['id']}/settle", success=False)
    return {
        "session": client.checkout.sessions.retrieve(session.id),
        "intent": intent,
        "charge": charge,
        "failed refund": client.refunds.retrieve(failed.id),
        "pending refund": pending,
        "dispute": client.disputes.retrieve(disputed["id"]),
        "payout": client.payouts.retrieve(payout["id"]),
        "transaction": client.balance_transactions.retrieve(charge.balance_transaction),
        "balance": client.balance.retrieve(),
        "event": client.events.list().data[0],
        "item": client.checkout.sessions.line_items.list(session.id).data[0],
        "price": client.checkout.sessions.line_items.list(session.id).data[0].price,
    }


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("session", stripe.checkout.Session),
        ("intent", stripe.PaymentIntent),
        ("charge", stripe.Charge),
        ("failed refund", stripe.Refund),
        ("pending refund", stripe.Refund),
        ("dispute", stripe.Dispute),
        ("payout", stripe.Payout),
        ("transaction", stripe.BalanceTransaction),
        ("balance", stripe.Balance),
        ("event", stripe.Event),
        ("item", stripe.LineItem),
        ("price", stripe.Price),
    ],
)
def test_an_object_has_the_fields_that_stripe_describes(whole, name, resource):
    known, required = described(resource)
    shown = whole[name].to_dict()
    assert set(shown) - known == set()
    assert required - set(shown) == set()
    assert type(whole[name]) is resource
    assert {field for field in required if shown[field] is None} == set()
