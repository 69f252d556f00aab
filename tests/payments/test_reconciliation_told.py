"""What reconciliation tells people, and changes nothing about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.money import Money
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.sync import sync
from payments.gateways import flutterwave as adapter
from payments.gateways.base import Paid
from payments.gateways.stripe import StripeGateway
from payments.models import Dispute, Refund
from tests.payments import flutterwave
from tests.payments.reconciling import command, everything, findings, forget_entries, start
from tests.payments.scene import assert_gateway_agrees, books, buy, fresh, lapse_refunds, send_refunds

pytestmark = pytest.mark.django_db(transaction=True)


def telling(monkeypatch, change: Callable[[Paid], Paid]) -> None:
    """From now on the gateway tells of payments otherwise."""
    real = StripeGateway.report

    def report(self, payment):
        return tuple(change(one) if isinstance(one, Paid) else one for one in real(self, payment))

    monkeypatch.setattr(StripeGateway, "report", report)


def assert_only_told(finding: str) -> dict[str, str]:
    before = everything()
    for run in (command("--dry-run"), command()):
        assert findings(run) == [(finding, "reported")]
        assert (run["fixed"], run["mismatches"]) == (0, 1)
    assert {**everything(), "payments_payment": None} == {**before, "payments_payment": None}
    return command()["details"][0]


def test_another_amount_there_is_told(sandbox, monkeypatch):
    _booking, payment = buy(sandbox)
    telling(monkeypatch, lambda paid: replace(paid, received=paid.received - Money(100, "SAR")))
    detail = assert_only_told("amount_differs")
    assert detail["gateway_id"] == payment.intent_id
    assert detail["action"] == "here SAR 210.00, there SAR 209.00"


def test_another_currency_there_is_told(sandbox, monkeypatch):
    buy(sandbox)
    telling(monkeypatch, lambda paid: replace(paid, received=Money(paid.received.amount, "EUR")))
    assert assert_only_told("currency_differs")["action"] == "here SAR 210.00, there € 210.00"


def test_what_was_paid_in_another_currency_is_no_difference(sandbox, monkeypatch):
    """It went back, and the books say so."""
    payment = start()
    sandbox.pay(payment.session_id)
    telling(monkeypatch, lambda paid: replace(paid, received=Money(paid.received.amount, "EUR")))
    sync(payment.pk)
    assert Refund.objects.get().reason == "underpaid"
    assert command()["details"] == []


def test_a_refund_that_the_gateway_does_not_know_is_told(sandbox):
    _booking, payment = buy(sandbox)
    refund = Refund.objects.create(payment=payment, amount=100, currency="SAR", reason="gateway")
    refund.attempts.create(number=1, gateway="stripe", gateway_refund_id="re_of_nobody")
    detail = assert_only_told("refund_here_only")
    assert detail["gateway_id"] == "re_of_nobody"
    assert detail["action"] == f"here refund {refund.pk} of SAR 1.00, there none"


def telling_of_refunds(monkeypatch, **otherwise: Any) -> None:
    """From now on Flutterwave tells of refunds otherwise."""
    real = adapter.refund_fact
    monkeypatch.setattr(adapter, "refund_fact", lambda told, currency: real({**told, **otherwise}, currency))


def test_a_refund_of_another_amount_there_is_told_and_does_not_settle_ours(sandbox, monkeypatch):
    booking, payment = flutterwave.buy(sandbox)
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    telling_of_refunds(monkeypatch, amount_refunded=10, AmountRefunded=10)
    assert send_refunds()["sent"] == 1
    refund = Refund.objects.get()
    assert (refund.status, fresh(payment).refunded_amount) == ("submitted", 0)
    assert books("NGN")["refunds:payable"] == 1_000 - refund.amount
    detail = assert_only_told("amount_differs")
    assert detail["gateway_id"] == refund.attempts.get().gateway_refund_id
    assert detail["action"] == f"here refund {refund.pk} of {refund.money.format('en')}, there NGN 10.00"
    lapse_refunds()
    assert send_refunds()["asked"] == 1
    assert len(sandbox.flutterwave_state["refunds"]) == 1


def test_a_failed_refund_that_is_paid_there_after_all_is_told(sandbox, monkeypatch):
    booking, _payment = flutterwave.buy(sandbox)
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    sandbox.mode(flutterwave_refund_outcome="failing")
    send_refunds()
    flutterwave.tell_all(sandbox)
    refund = Refund.objects.get()
    assert refund.status == "failed"
    telling_of_refunds(monkeypatch, status="completed-bank-transfer", meta=None)
    detail = assert_only_told("refund_out_of_step")
    assert detail["gateway_id"] == refund.attempts.get().gateway_refund_id
    assert fresh(refund).status == "failed"


def test_a_dispute_that_the_gateway_does_not_know_is_told(sandbox):
    _booking, payment = buy(sandbox)
    Dispute.objects.create(
        gateway="stripe", dispute_id="du_of_nobody", payment=payment, status="won", amount=100, currency="SAR"
    )
    assert assert_only_told("dispute_here_only")["gateway_id"] == "du_of_nobody"


def test_an_open_payment_of_which_the_gateway_does_not_tell_is_told(sandbox):
    payment = start()
    sandbox.reset()
    sandbox.mode(delivery="drop")
    assert assert_only_told("unknown_at_gateway")["gateway_id"] == payment.session_id


def test_several_things_at_once_are_told_one_by_one(sandbox):
    _booking, payment = buy(sandbox, "1A", "1B")
    give_courtesy(payment.pk, 300, note="late")
    send_refunds()
    sandbox.refund_in_dashboard(payment.charge_id, 500)
    sandbox.dispute(payment.charge_id, amount=1_000)
    forget_entries("%:fee")
    done = command()
    assert sorted(finding for finding, _outcome in findings(done)) == [
        "dispute_unknown_here",
        "fee_not_posted",
        "refund_unknown_here",
    ]
    assert done["fixed"] == 3
    assert_gateway_agrees(sandbox)
    assert command()["details"] == []
