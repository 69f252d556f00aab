"""Money among a gateway's charges that no payment of this run's knows."""

from importlib import import_module
from itertools import chain

import pytest

from payments.actions import match_lines
from payments.actions.match_payouts import match_all
from payments.actions.reconcile import Options, reconcile
from payments.gateways.stripe import StripeGateway
from payments.models import BalanceTransaction, Finding, Refund
from tests.database import age_hold, as_owner
from tests.payments import flutterwave
from tests.payments.reconciling import age_payments, command, everything, findings, paid_unheard, start
from tests.payments.scene import assert_gateway_agrees, books, charge_of, fresh
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)


def test_money_that_came_late_for_an_old_payment_is_found_among_the_charges(sandbox):
    payment = paid_unheard(sandbox)
    age_hold(payment.booking)
    age_payments("8 days")
    before = everything()
    assert findings(command("--dry-run")) == [("paid_at_gateway", "would_fix")]
    assert everything() == before
    done = command()
    assert (done["scanned"], findings(done)) == (0, [("paid_at_gateway", "fixed")])
    assert fresh(payment).is_paid
    assert command()["details"] == []


def test_an_old_page_that_is_paid_again_is_found_among_the_charges(sandbox):
    _booking, payment = flutterwave.buy(sandbox)
    age_payments("8 days")
    sandbox.pay_flutterwave(payment.session_id)
    assert findings(command("--dry-run")) == [("paid_twice", "would_fix")]
    done = command()
    assert (done["scanned"], findings(done)) == (0, [("paid_twice", "fixed")])
    assert Refund.objects.get().reason == "duplicate"


ODD = {
    "stripe": ("payments.gateways.stripe.pages", {"id": "ch_odd", "status": "succeeded", "payment_intent": "pi_odd"}),
    "flutterwave": ("payments.gateways.flutterwave.pages", {"id": 5, "status": "successful", "amount": "many"}),
}


@pytest.mark.parametrize("name", ODD)
def test_a_charge_that_cannot_be_read_is_told_and_hides_no_other(sandbox, monkeypatch, name):
    trip = make_trip("LOS", "ABV", currency="NGN")
    payment = flutterwave.start(flutterwave.hold("1A", trip=trip)) if name == "flutterwave" else start()
    (sandbox.pay_flutterwave if name == "flutterwave" else sandbox.pay)(payment.session_id)
    with as_owner() as cursor:
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    address, odd = ODD[name]
    real = import_module(address.rpartition(".")[0]).pages

    def pages(*asked, **query):
        return chain([odd], real(*asked, **query))

    monkeypatch.setattr(address, pages)
    told = command()["details"]
    assert {(one["finding"], one["subject"]) for one in told if one["outcome"] == "reported"} >= {
        ("unknown_at_gateway", f"charge {odd['id']}")
    }
    assert [one["finding"] for one in told].count("unknown_money") == 1


def test_money_of_nobody_that_cannot_be_booked_holds_up_no_other(sandbox, monkeypatch):
    trip = make_trip()
    broken, fine = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    with as_owner() as cursor:
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    charge = charge_of(sandbox, broken)["id"]
    real = match_lines._write

    def write(name, line, payment, facts):
        if line.source_id == charge:
            raise RuntimeError("broken")
        return real(name, line, payment, facts)

    with monkeypatch.context() as patch:
        patch.setattr(match_lines, "_write", write)
        assert sorted(findings(command())) == [("unknown_money", "failed"), ("unknown_money", "fixed")]
    assert books()["suspense"] == -fine.amount
    assert findings(command()) == [("unknown_money", "fixed")]
    assert_gateway_agrees(sandbox)


def test_money_of_nobody_that_is_not_on_the_balance_yet_is_told_until_it_is(sandbox):
    payment = start()
    sandbox.mode(charge_updated_delay_seconds=600)
    sandbox.pay(payment.session_id)
    with as_owner() as cursor:
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    for _again in range(2):
        assert findings(command()) == [("unknown_money", "reported")]
    assert Finding.objects.filter(Finding.UNSETTLED).count() == 1
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    assert findings(command()) == [("unknown_money", "fixed")]
    assert command()["details"] == []
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()


@pytest.mark.parametrize("on_balance", [True, False])
def test_what_was_told_of_money_of_nobody_is_settled_once_it_is_booked_elsewhere(sandbox, on_balance):
    payment = start()
    sandbox.pay(payment.session_id)
    charge = charge_of(sandbox, payment)["id"]
    if on_balance:
        sandbox.control(f"charges/{charge}/balance")
    with as_owner() as cursor:
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    told = ("unknown_money", "would_fix") if on_balance else ("unknown_money", "reported")
    assert findings(command("--dry-run")) == [told]
    if not on_balance:
        sandbox.control(f"charges/{charge}/balance")
    assert match_all()["suspense"] == 1
    assert command()["details"] == []
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()


def test_money_of_a_payment_beyond_the_limit_is_found_among_the_charges(sandbox):
    """Its turn may come when the charge is too old to be listed."""
    trip = make_trip()
    first, second = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    found = [("paid_at_gateway", "would_fix")] * 2
    assert findings(command("--limit", "1", "--dry-run")) == found
    done = command("--limit", "1")
    assert (done["scanned"], done["fixed"]) == (1, 2)
    assert (fresh(first).is_paid, fresh(second).is_paid) == (True, True)
    assert command("--limit", "1")["details"] == []


def test_a_young_payment_is_left_to_its_webhooks_among_the_charges_too(sandbox):
    trip = make_trip()
    old = paid_unheard(sandbox, "1A", trip)
    age_payments("11 minutes")
    young = paid_unheard(sandbox, "1B", trip)
    assert reconcile(Options(min_age_minutes=10, limit=1))["fixed"] == 1
    assert (fresh(old).is_paid, fresh(young).is_paid) == (True, False)


def test_a_payment_found_among_the_charges_that_fails_holds_up_no_other(sandbox, monkeypatch):
    trip = make_trip()
    broken, fine = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    age_payments("8 days")
    real = StripeGateway.report

    def report(self, payment):
        return 1 / 0 if payment.pk == broken.pk else real(self, payment)

    monkeypatch.setattr(StripeGateway, "report", report)
    assert sorted(findings(command())) == [("not_compared", "failed"), ("paid_at_gateway", "fixed")]
    assert fresh(fine).is_paid


def test_money_of_nobody_is_booked_to_suspense_once_and_told(sandbox):
    stranger = paid_unheard(sandbox)
    with as_owner() as cursor:  # as if another system had taken it with the same account
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    before = everything()
    assert findings(command("--dry-run")) == [("unknown_money", "would_fix")]
    assert everything() == before
    assert findings(command()) == [("unknown_money", "fixed")]
    assert books()["suspense"] == -stranger.amount
    assert BalanceTransaction.objects.get().outcome == "suspense"
    assert_gateway_agrees(sandbox)
    assert command()["mismatches"] == 0
    assert_gateway_agrees(sandbox)
