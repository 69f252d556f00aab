"""Stripe's objects as facts: what no sandbox shows."""

from importlib import import_module
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.money import Money
from payments.actions.apply import apply
from payments.actions.match_payouts import match_all
from payments.actions.sync import sync
from payments.effects.standing import left
from payments.gateways import stripe as adapter
from payments.gateways.base import Paid
from payments.gateways.calls import Operation
from payments.gateways.stripe import StripeGateway
from payments.gateways.stripe.reading import dispute_fact
from payments.models import Dispute, GatewayEvent, Payment, ReconciliationRun
from tests.payments.gateway import send
from tests.payments.reconciling import command, findings, start
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, fresh, send_refunds, tell_all

pytestmark = pytest.mark.django_db(transaction=True)


def line(number: int, amount: int, currency: str = "sar", fee: int = 0) -> dict[str, Any]:
    return {
        "id": f"txn_{number}", "type": "adjustment", "amount": amount, "fee": fee, "currency": currency,
        "source": "du_1", "created": number,
    }  # fmt: skip


def dispute(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"id": "du_1", "amount": 10_500, "currency": "sar", "status": "won", "reason": "general"}
    return {**told, "balance_transactions": list(lines), **more}


def moved(*lines: dict[str, Any]) -> list[Money]:
    return [one.of for one in dispute_fact(dispute(*lines)).settled]


# ----------------------------------------------------------------------------------------------------------- disputes
def test_a_part_that_comes_back_of_a_dispute_is_booked_as_that_part(sandbox):
    _booking, payment = buy(sandbox, "1A")
    before = books()["gateway:stripe:clearing"]
    apply(payment, (dispute_fact(dispute(line(1, -10_500, fee=1_500), line(2, 4_000))),))
    assert books()["gateway:stripe:clearing"] - before == -10_500 - 1_500 + 4_000
    assert Dispute.objects.get().held_amount == books()["gateway:stripe:disputed"] == 6_500


def test_a_line_in_another_currency_moves_all_of_a_dispute():
    assert moved(line(1, -2_835, "usd"), line(2, 2_800, "usd")) == [Money(-10_500, "SAR"), Money(10_500, "SAR")]


def test_a_line_of_a_dispute_may_be_a_fee_alone():
    assert moved(line(1, -10_500), line(2, 0, fee=1_500)) == [Money(-10_500, "SAR"), Money(0, "SAR")]


def test_a_dispute_of_a_status_that_we_do_not_know_is_with_the_bank(sandbox, monkeypatch):
    _booking, payment = buy(sandbox, "1A")
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"])
    real = adapter.dispute_fact
    with monkeypatch.context() as patch:
        patch.setattr(adapter, "dispute_fact", lambda told: real({**told, "status": "pre_arbitration"}))
        with capture_logs() as logs:
            tell_all(sandbox)
        assert "dispute_status_unknown" in {one["event"] for one in logs}
        assert sync(payment.pk).is_paid
    assert Dispute.objects.get().status == "under_review"
    sandbox.move_dispute(opened["id"], "won")
    tell_all(sandbox)
    assert Dispute.objects.get().status == "won"


# ----------------------------------------------------------------------------------------------------- what is not ours
def event(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_theirs", "object": "event", "type": kind, "data": {"object": thing}}


THEIRS = [
    (
        "checkout.session.completed",
        {"id": "cs_1", "object": "checkout.session", "mode": "subscription", "payment_intent": None, "metadata": {}},
    ),
    (
        "payment_intent.succeeded",
        {"id": "pi_1", "object": "payment_intent", "latest_charge": None, "metadata": {}},
    ),
    (
        "refund.created",
        {"id": "re_1", "object": "refund", "status": "succeeded", "amount": 5, "currency": "sar", "charge": None},
    ),
]


@pytest.mark.parametrize(("kind", "thing"), THEIRS, ids=[kind for kind, _thing in THEIRS])
def test_an_event_of_another_product_is_stored_and_left(sandbox, monkeypatch, kind, thing):
    for name in ("_session", "_refund"):
        monkeypatch.setattr(StripeGateway, name, lambda _self, _id: thing)
    assert send(event(kind, thing)).status_code == 200
    assert GatewayEvent.objects.get().processed_at


# -------------------------------------------------------------------------------------------------------------- lists
def test_an_empty_page_that_is_not_the_last_is_an_answer_that_we_do_not_understand(sandbox, monkeypatch):
    buy(sandbox, "1A")
    client = import_module("payments.gateways.stripe.client")  # the package has a function of this name
    real = client.fetch

    def fetch(request, operation=Operation.READ):
        answer = real(request, operation)
        return {**answer, "data": [], "has_more": True} if operation == Operation.LIST else answer

    monkeypatch.setattr(client, "fetch", fetch)
    assert findings(command()) == [("gateway_unavailable", "skipped")]
    assert ReconciliationRun.objects.get().completed_at
    assert match_all()["failed"] == 1


# ------------------------------------------------------------------------------------------------- paid more than once
def test_a_second_payment_of_a_page_is_found_in_order(sandbox):
    """It has no session of its own: it is looked up by its intent."""
    payment = start()
    (copy,) = sandbox.copy_session(payment.session_id, [{"payment_id": str(payment.pk)}])
    for session_id in (payment.session_id, copy):
        sandbox.pay(session_id)
        tell_all(sandbox)
    second = Payment.objects.get(session_id=None)
    assert (second.is_paid, second.refunds.get().reason) == (True, "duplicate")
    sandbox.control(f"charges/{second.charge_id}/balance")
    sandbox.control(f"charges/{fresh(payment).charge_id}/balance")
    assert findings(command()) == [("fee_not_posted", "fixed")] * 2
    send_refunds()
    assert command()["details"] == []
    assert_gateway_agrees(sandbox)


def test_a_second_charge_of_a_page_that_nobody_told_of_is_found_among_the_charges(sandbox):
    """The session tells of one alone."""
    _booking, payment = buy(sandbox, "1A")
    unpaid = start("1B", payment.booking.trip)
    (copy,) = sandbox.copy_session(unpaid.session_id, [{"payment_id": str(payment.pk)}])
    sandbox.pay(copy)
    assert findings(command("--dry-run")) == [("paid_twice", "would_fix")]
    assert findings(command()) == [("paid_twice", "fixed")]
    assert Payment.objects.get(session_id=None).refunds.get().reason == "duplicate"
    assert command()["details"] == []


@pytest.mark.parametrize("is_paid_again", [False, True])
def test_a_payment_that_came_by_another_page_than_we_know_of_is_compared_by_what_paid_it(sandbox, is_paid_again):
    """Its session tells of nothing, or of the second payment; refunds and disputes are those of what paid it."""
    payment = start()
    (other,) = sandbox.copy_session(payment.session_id, [{"payment_id": str(payment.pk)}])
    sandbox.pay(other)
    tell_all(sandbox)
    payment = fresh(payment)
    assert payment.is_paid
    if is_paid_again:
        sandbox.pay(payment.session_id)
        tell_all(sandbox)
    for one in Payment.objects.filter(succeeded_at__isnull=False):
        sandbox.control(f"charges/{one.charge_id}/balance")
    command()
    send_refunds()
    assert command()["details"] == []
    dispute = sandbox.dispute(payment.charge_id)
    assert ("dispute_unknown_here", "fixed") in findings(command())
    assert Dispute.objects.get().payment == payment
    sandbox.move_dispute(dispute["id"], "lost")
    assert findings(command()) == [("dispute_out_of_step", "fixed")]
    assert Dispute.objects.get().status == "lost"
    assert command()["details"] == []
    assert_gateway_agrees(sandbox)


def test_a_dispute_of_the_second_payment_told_with_its_money_is_about_the_second(sandbox):
    _booking, payment = buy(sandbox, "1A")
    money = Paid("pi_second", "ch_second", payment.money)
    apply(payment, (money, dispute_fact(dispute(line(1, -10_500), status="needs_response"))))
    second = Payment.objects.get(intent_id="pi_second")
    assert Dispute.objects.get().payment == second
    assert left(payment) == payment.amount
