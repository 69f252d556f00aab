"""The gateway's balance and its payouts, line by line against the ledger."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core import jobs
from core.errors import FieldsInvalid, InvalidState
from core.models import JobRun
from payments.actions.cancel import Wish, cancel
from payments.actions.explain import explain_line
from payments.actions.give_back import give_courtesy
from payments.actions.match_payouts import match_all
from payments.actions.reconcile import Options, reconcile
from payments.actions.sync import sync
from payments.gateways import gateway
from payments.gateways.base import BalanceLine
from payments.gateways.stripe import StripeGateway
from payments.models import BalanceTransaction, Payout
from tests.database import as_owner
from tests.payments.gateway import send
from tests.payments.reconciling import command, findings, paid_unheard
from tests.payments.scene import books, buy, charge_of, fresh, lapse_refunds, send_refunds, tell_all
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = {"lines": 0, "suspense": 0, "matched": 0, "leftover": 0, "failed": 0}


def assert_every_unit_is_explained() -> None:
    """What the books say that Stripe holds is what Stripe says, in every currency."""
    held = gateway("stripe").balance()
    for currency in {*held, "SAR", "USD"}:
        assert books(currency).get("gateway:stripe:clearing", 0) == held.get(currency, 0), currency


def a_busy_day(sandbox: Any) -> None:
    """Sales, refunds in part and in whole, one that bounced, one under way, disputes in every state, and fees."""
    trip = make_trip()
    buy(sandbox, "1A", trip=trip)
    _kind, payment = buy(sandbox, "1B", trip=trip)
    give_courtesy(payment.pk, 300, note="late")
    gone, _payment = buy(sandbox, "1C", trip=trip)
    cancel(gone.pk, Wish())
    send_refunds()
    bounced, payment = buy(sandbox, "1D", trip=trip)
    cancel(bounced.pk, Wish(in_full=True))
    send_refunds()
    sandbox.settle_refund(payment.refunds.get().attempts.get().gateway_refund_id, success=False)
    for seat, decided in (("2A", "won"), ("2B", "lost"), ("2C", "under_review")):
        _booking, payment = buy(sandbox, seat, trip=trip)
        opened = sandbox.dispute(payment.charge_id)
        sandbox.mode(dispute_fee_returned=decided == "won")
        sandbox.move_dispute(opened["id"], decided)
    _asked, payment = buy(sandbox, "2D", trip=trip)
    sandbox.dispute(payment.charge_id, inquiry=True)
    sandbox.mode(refund_outcome="pending")
    slow, _payment = buy(sandbox, "3A", trip=trip)
    cancel(slow.pk, Wish())
    send_refunds()
    sandbox.book("stripe_fee", -120, "sar", description="Radar")
    sandbox.book("tax_fee", -18, "sar")


# -------------------------------------------------------------------------------------------------------------- lines
def test_every_line_of_a_busy_day_is_in_the_ledger(sandbox):
    a_busy_day(sandbox)
    counts = match_all()
    assert counts == NOTHING | {"lines": len(sandbox.objects("balance_transactions"))}
    assert_every_unit_is_explained()
    before = books()
    tell_all(sandbox)
    reconcile(Options(limit=0))
    assert match_all() == NOTHING
    assert books() == before


def test_the_order_in_which_one_hears_of_a_day_does_not_matter(sandbox):
    """The same day, heard of by events first and by its lines after."""
    a_busy_day(sandbox)
    tell_all(sandbox)
    heard = books()
    match_all()
    account_fees = {"platform:gateway_fees", "gateway:stripe:clearing"}
    assert {code: amount for code, amount in books().items() if code not in account_fees} == {
        code: amount for code, amount in heard.items() if code not in account_fees
    }
    assert books()["platform:gateway_fees"] == heard["platform:gateway_fees"] + 138
    assert_every_unit_is_explained()


def test_so_little_that_nothing_is_left_of_it_in_the_other_currency_is_booked_all_the_same(sandbox):
    sandbox.mode(settlement_currency="usd", exchange_rate=0.27)
    _booking, payment = buy(sandbox)
    give_courtesy(payment.pk, 1, note="a halala")
    send_refunds()
    tell_all(sandbox)
    assert payment.refunds.get().status == "succeeded"
    match_all()
    assert_every_unit_is_explained()
    assert reconcile(Options(limit=0))["details"] == []
    assert match_all() == NOTHING


def test_a_line_of_a_dispute_that_is_a_fee_alone_is_the_disputes(sandbox, monkeypatch):
    _booking, payment = buy(sandbox)
    opened = sandbox.dispute(payment.charge_id)
    tell_all(sandbox)
    before = books()
    extra = sandbox.book("adjustment", 0, "sar", fee=1_500, source=opened["id"])
    real = StripeGateway._dispute

    def dispute(self: StripeGateway, dispute_id: str) -> dict[str, Any]:
        told = real(self, dispute_id)
        return told | {"balance_transactions": [*told["balance_transactions"], extra]}

    monkeypatch.setattr(StripeGateway, "_dispute", dispute)
    assert match_all()["suspense"] == 0
    assert books()["platform:dispute_fees"] == before["platform:dispute_fees"] + 1_500
    assert books()["gateway:stripe:disputed"] == before["gateway:stripe:disputed"]
    assert_every_unit_is_explained()


@pytest.mark.parametrize("kind", ["lunar_tithe", "topup", "application_fee", "reserve_transaction", "adjustment"])
def test_a_line_of_a_type_that_we_know_no_reason_for_goes_to_suspense(sandbox, kind):
    sandbox.book(kind, -4_200, "sar", fee=30)
    assert match_all() == NOTHING | {"lines": 1, "suspense": 1}
    assert books() == {"gateway:stripe:clearing": -4_230, "platform:gateway_fees": 30, "suspense": 4_200}
    (line,) = BalanceTransaction.objects.all()
    assert (line.outcome, line.type, line.amount, line.fee, line.payment) == ("suspense", kind, -4_200, 30, None)
    assert match_all() == NOTHING


@pytest.mark.parametrize("source", ["ch_of_nobody", "re_of_nobody", "du_of_nobody", "tu_of_nobody"])
def test_a_line_about_something_that_is_not_ours_goes_to_suspense(sandbox, source):
    sandbox.book("adjustment", 900, "sar", source=source)
    assert match_all() == NOTHING | {"lines": 1, "suspense": 1}
    assert_every_unit_is_explained()


def test_a_line_that_the_thing_it_names_does_not_name_goes_to_suspense(sandbox):
    """It is about a charge of ours; what it is for, the charge does not tell."""
    _booking, payment = buy(sandbox)
    sandbox.book("adjustment", -250, "sar", source=payment.charge_id)
    assert match_all() == NOTHING | {"lines": 2, "suspense": 1}
    assert books()["suspense"] == 250
    assert_every_unit_is_explained()


def test_a_charge_of_nobody_is_booked_once_by_whoever_finds_it_first(sandbox):
    payment = paid_unheard(sandbox)
    with as_owner() as cursor:  # as if another system had taken it with the same account
        cursor.execute("DELETE FROM payments_gatewaycall")
        cursor.execute("DELETE FROM payments_payment")
    assert match_all() == NOTHING | {"lines": 1, "suspense": 1}
    assert command()["details"] == []
    assert books()["suspense"] == -payment.amount
    assert_every_unit_is_explained()


def test_lines_alone_tell_what_every_webhook_would_have(sandbox):
    """The balance is a second way to learn of everything that moved money."""
    payment = paid_unheard(sandbox)
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 500)
    sandbox.dispute(charge_of(sandbox, payment)["id"], amount=1_000)
    assert match_all() == NOTHING | {"lines": 3}
    assert fresh(payment).refunded_amount == 500
    assert fresh(payment.booking).status == "confirmed"
    assert fresh(payment.booking).payment_status == "disputed"
    assert_every_unit_is_explained()
    assert findings(command()) == []


def test_a_refund_that_is_under_way_is_not_lost_between(sandbox):
    booking, _payment = buy(sandbox, "1A")
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish())
    send_refunds()
    match_all()
    assert_every_unit_is_explained()
    lapse_refunds()
    send_refunds()
    assert_every_unit_is_explained()


def test_a_gateway_that_settles_in_another_currency_is_followed_into_it(sandbox):
    sandbox.mode(settlement_currency="usd", exchange_rate=0.27)
    _booking, payment = buy(sandbox, "1A")
    give_courtesy(payment.pk, 1_000, note="late")
    send_refunds()
    opened = sandbox.dispute(payment.charge_id, amount=2_000)
    sandbox.move_dispute(opened["id"], "won")
    sandbox.book("stripe_fx_fee", -40, "usd")
    sync(payment.pk)
    assert match_all()["suspense"] == 0
    assert "gateway:stripe:clearing" not in books("SAR")
    assert_every_unit_is_explained()
    assert books("SAR")["fx:SAR"] > 0 > books("USD")["fx:USD"]
    assert match_all() == NOTHING


def test_lines_alone_tell_of_money_in_another_currency(sandbox):
    sandbox.mode(settlement_currency="usd", exchange_rate=0.27)
    payment = paid_unheard(sandbox)
    assert match_all() == NOTHING | {"lines": 1}
    assert fresh(payment).is_paid
    assert_every_unit_is_explained()


# --------------------------------------------------------------------------------------------------------- what is read
def test_the_next_run_goes_on_where_a_whole_one_began(sandbox, monkeypatch):
    buy(sandbox)
    asked = []
    real = StripeGateway.lines
    monkeypatch.setattr(StripeGateway, "lines", lambda self, since: [asked.append(since), *real(self, since)][1:])
    jobs.run("match_payouts")
    jobs.run("match_payouts")
    first, second = JobRun.objects.filter(job="match_payouts").order_by("pk")
    assert (first.result["lines"], second.result["lines"]) == (1, 0)
    assert asked[1] == first.started_at - timedelta(days=3)
    assert asked[0] < asked[1]


def test_a_line_that_could_not_be_booked_comes_again_and_holds_up_no_other(sandbox, monkeypatch):
    buy(sandbox, "1A")
    buy(sandbox, "1B", trip=make_trip(number="T2"))
    odd = sandbox.book("lunar_tithe", -4_200, "sar")
    with monkeypatch.context() as broken:
        broken.setattr(
            "payments.postings.unexplained", lambda _gateway, _line: (_ for _ in ()).throw(RuntimeError("broken"))
        )
        assert jobs.run("match_payouts") == NOTHING | {"lines": 2, "failed": 1}
    with as_owner() as cursor:  # long ago, and everything that was whole since then
        cursor.execute("UPDATE core_jobrun SET started_at = started_at - interval '9 days'")
    assert jobs.run("match_payouts") == NOTHING | {"lines": 1, "suspense": 1}
    assert BalanceTransaction.objects.filter(transaction_id=odd["id"]).exists()
    assert_every_unit_is_explained()


def test_a_gateway_that_is_down_is_read_next_time(sandbox):
    buy(sandbox)
    sandbox.fault("error", path="/v1/balance_transactions", status=500, times=0)
    assert jobs.run("match_payouts") == NOTHING | {"failed": 1}
    sandbox.clear_faults()
    assert jobs.run("match_payouts") == NOTHING | {"lines": 1}


# ------------------------------------------------------------------------------------------------------------- payouts
def test_a_payout_is_matched_line_by_line(sandbox):
    a_busy_day(sandbox)
    payout = sandbox.pay_out("sar")
    counts = match_all()
    assert (counts["matched"], counts["leftover"], counts["suspense"]) == (1, 0, 0)
    known = Payout.objects.get()
    assert (known.status, known.matched_at is not None) == ("in_transit", True)
    assert books()["gateway:stripe:in_transit"] == payout["amount"] == known.amount
    assert "gateway:stripe:clearing" not in books()
    sandbox.settle_payout(payout["id"], success=True)
    for event in sandbox.events("payout"):
        assert send(event).status_code == 200
    assert books()["bank"] == payout["amount"]
    assert "gateway:stripe:in_transit" not in books()
    assert fresh(known).status == "paid"
    lines = BalanceTransaction.objects.filter(payout=known)
    assert sum(line.net.amount for line in lines) == payout["amount"]
    assert lines.count() == len(sandbox.objects("balance_transactions")) - 1
    assert_every_unit_is_explained()
    assert match_all() == NOTHING


def test_news_of_a_payout_has_a_worker_match_its_lines(sandbox, monkeypatch):
    nudged: list[str] = []
    monkeypatch.setattr("payments.nudge.nudge", nudged.append)
    buy(sandbox)
    sandbox.pay_out("sar")
    tell_all(sandbox)
    assert set(nudged) == {"match_payouts"}


def test_a_payout_that_no_webhook_told_of_is_found(sandbox):
    buy(sandbox)
    payout = sandbox.pay_out("sar")
    sandbox.settle_payout(payout["id"], success=True)
    assert match_all() == NOTHING | {"lines": 2, "matched": 1}
    assert Payout.objects.get().status == "paid"
    assert books()["bank"] == payout["amount"]
    assert_every_unit_is_explained()


def test_money_that_is_collected_from_our_bank_is_a_payout_too(sandbox):
    """More went back than came."""
    _booking, payment = buy(sandbox)
    sandbox.pay_out("sar")
    sandbox.refund_in_dashboard(payment.charge_id)
    payout = sandbox.pay_out("sar")
    assert payout["amount"] < 0
    sandbox.settle_payout(payout["id"], success=True)
    counts = match_all()
    assert (counts["matched"], counts["leftover"]) == (2, 0)
    assert books()["bank"] == payout["amount"]
    assert_every_unit_is_explained()


@pytest.mark.parametrize("arrived_first", [True, False])
def test_a_payout_that_comes_back_is_on_the_balance_again(sandbox, arrived_first):
    buy(sandbox, "1A")
    payout = sandbox.pay_out("sar")
    if arrived_first:
        sandbox.settle_payout(payout["id"], success=True)
        match_all()
        assert books()["bank"] == payout["amount"]
    sandbox.settle_payout(payout["id"], success=False)
    match_all()
    for event in sandbox.events("payout"):
        assert send(event).status_code == 200
    assert Payout.objects.get().status == "failed"
    assert "bank" not in books()
    assert "gateway:stripe:in_transit" not in books()
    assert_every_unit_is_explained()
    again = sandbox.pay_out("sar")
    assert again["amount"] == payout["amount"]
    assert match_all() == NOTHING | {"lines": 1, "matched": 1}
    assert_every_unit_is_explained()


def test_a_payout_in_the_currency_that_is_settled_in(sandbox):
    sandbox.mode(settlement_currency="usd", exchange_rate=0.27)
    buy(sandbox)
    payout = sandbox.pay_out("usd")
    assert match_all() == NOTHING | {"lines": 2, "matched": 1}
    assert books("USD")["gateway:stripe:in_transit"] == payout["amount"]
    assert_every_unit_is_explained()


def test_a_payout_with_a_line_to_be_explained_is_left_over_until_somebody_does(sandbox):
    buy(sandbox, "1A")
    sandbox.book("lunar_tithe", -100, "sar")
    sandbox.pay_out("sar")
    counts = match_all()
    assert (counts["matched"], counts["leftover"], counts["suspense"]) == (0, 1, 1)
    assert Payout.objects.get().matched_at is None
    line = BalanceTransaction.objects.get(outcome="suspense")
    with pytest.raises(FieldsInvalid):
        explain_line(line.pk, note=" ")
    explain_line(line.pk, note=" The moon is a harsh mistress. ")
    assert fresh(line).explanation == "The moon is a harsh mistress."
    assert Payout.objects.get().matched_at is not None
    assert match_all() == NOTHING
    with pytest.raises(InvalidState):
        explain_line(BalanceTransaction.objects.filter(type="charge").get().pk, note="a charge")


def test_a_payout_whose_lines_do_not_sum_up_is_left_over(sandbox, monkeypatch):
    """Stripe tells a part of them until it has reconciled the payout, and none of one that was made by hand."""
    buy(sandbox, "1A")
    buy(sandbox, "1B", trip=make_trip(number="T2"))
    sandbox.pay_out("sar")
    real = StripeGateway.lines_of
    with monkeypatch.context() as early:
        early.setattr(StripeGateway, "lines_of", lambda self, payout_id: iter(list(real(self, payout_id))[:1]))
        assert (match_all()["leftover"], Payout.objects.get().matched_at) == (1, None)
    with monkeypatch.context() as by_hand:
        by_hand.setattr(StripeGateway, "lines_of", lambda self, _payout_id: real(self, "po_nothing"))
        assert match_all() == NOTHING | {"leftover": 1}
    assert match_all() == NOTHING | {"matched": 1}


def test_a_payout_whose_lines_cannot_be_booked_holds_up_no_other(sandbox, monkeypatch):
    buy(sandbox, "1A")
    odd = sandbox.pay_out("sar")
    buy(sandbox, "1B", trip=make_trip(number="T2"))
    sandbox.pay_out("sar")
    real = StripeGateway.lines_of

    def lines_of(self: StripeGateway, payout_id: str) -> Iterator[BalanceLine]:
        if payout_id == odd["id"]:
            raise RuntimeError("broken")
        return real(self, payout_id)

    with monkeypatch.context() as broken:
        broken.setattr(StripeGateway, "lines_of", lines_of)
        counts = match_all()
        assert (counts["matched"], counts["leftover"]) == (1, 1)
        assert Payout.objects.get(matched_at=None).payout_id == odd["id"]
    assert match_all() == NOTHING | {"matched": 1}


def test_a_payout_that_did_not_match_for_months_waits_for_people_alone(sandbox):
    Payout.objects.create(
        gateway="stripe", payout_id="po_old", status="paid", amount=1, currency="SAR",
        made_at=timezone.now() - timedelta(days=91),
    )  # fmt: skip
    assert match_all() == NOTHING
