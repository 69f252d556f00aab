"""Our payments against the gateway's: found, told, mended, and found in order after that."""

from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError

from bookings.models import Booking
from core import jobs
from core.correlation import correlated
from core.errors import FieldsInvalid, InvalidState
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.actions.explain import explain_finding
from payments.actions.reconcile import Options, compare, reconcile, reconcile_one, repair, selection
from payments.gateways.base import SessionEnded
from payments.models import Dispute, Finding, Payment, ReconciliationRun, Refund
from tests.database import age_hold
from tests.payments.gateway import send
from tests.payments.reconciling import age_payments, command, everything, findings, forget_entries, paid_unheard, start
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, fresh, send_refunds, tell_all
from tests.races.rivals import at_once
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {
    "correlation_id", "started_at", "completed_at", "dry_run", "scanned", "fixed", "failed", "skipped", "mismatches",
    "details",
}  # fmt: skip


def test_all_webhooks_of_a_day_were_lost(sandbox):
    trip = make_trip()
    unheard = [paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B")]
    left_alone = start("1C", trip)
    late = paid_unheard(sandbox, "2A", trip)
    age_hold(late.booking)
    other, _payment = buy(sandbox, "2A", trip=trip)
    disputed, of_disputed = buy(sandbox, "2B", trip=trip)
    opened = sandbox.control(f"charges/{charge_of(sandbox, of_disputed)['id']}/dispute")["id"]
    sandbox.control(f"disputes/{opened}/move", status="won")
    _generous, of_generous = buy(sandbox, "2C", trip=trip)
    sandbox.control(f"charges/{charge_of(sandbox, of_generous)['id']}/refund", amount=700)
    cancelled, _payment = buy(sandbox, "2D", trip=trip)
    sandbox.mode(refund_outcome="pending")
    cancel(cancelled.pk, Wish())
    send_refunds()
    refund = Refund.objects.get(payment__booking=cancelled)
    sandbox.control(f"refunds/{refund.attempts.get().gateway_refund_id}/settle", success=True)

    before = everything()
    would = command("--dry-run", "--limit", "0")
    assert everything() == before
    assert would.keys() == KEYS
    assert (would["dry_run"], would["fixed"], would["failed"]) == (True, 0, 0)
    assert sorted(findings(would)) == [
        ("dispute_unknown_here", "would_fix"),
        ("paid_at_gateway", "would_fix"),
        ("paid_at_gateway", "would_fix"),
        ("paid_at_gateway", "would_fix"),
        ("refund_out_of_step", "would_fix"),
        ("refund_unknown_here", "would_fix"),
    ]
    assert would["scanned"] == Payment.objects.count() == 8

    done = command("--limit", "0")
    assert (done["fixed"], done["mismatches"], done["failed"]) == (6, 6, 0)
    assert all(fresh(payment.booking).status == "confirmed" for payment in unheard)
    assert fresh(left_alone).status == "pending"
    assert fresh(late.booking).status == "pending_payment"
    assert Refund.objects.get(payment=late).reason == "late"
    assert Dispute.objects.get().status == "won"
    assert fresh(disputed).payment_status == "paid"
    assert fresh(of_generous).refunded_amount == 700
    assert fresh(cancelled).status == "refunded"
    sandbox.mode(refund_outcome="succeeded")
    send_refunds()
    assert_gateway_agrees(sandbox)
    assert fresh(other).status == "confirmed"

    again = command("--limit", "0")
    assert (again["mismatches"], again["details"], again["scanned"]) == (0, [], 8)
    assert ReconciliationRun.objects.count() == 3


def test_young_payments_are_left_to_their_webhooks(sandbox):
    paid_unheard(sandbox)
    report = reconcile(Options(min_age_minutes=10))
    assert (report["scanned"], report["skipped"], report["details"]) == (0, 1, [])
    age_payments("11 minutes")
    report = reconcile(Options(min_age_minutes=10))
    assert (report["scanned"], report["skipped"], report["fixed"]) == (1, 0, 1)


def test_the_job_waits_ten_minutes_and_the_command_does_not(sandbox):
    """Beat gives no options."""
    paid_unheard(sandbox)
    assert jobs.run("reconcile_payments")["scanned"] == 0
    assert ReconciliationRun.objects.get().options["min_age_minutes"] == 10
    assert command()["scanned"] == 1


def test_the_longest_unchecked_come_first(sandbox):
    trip = make_trip()
    first, second = (start(seat, trip) for seat in ("1A", "1B"))
    assert reconcile(Options(limit=1))["scanned"] == 1
    assert (fresh(first).reconciled_at is None, fresh(second).reconciled_at is None) == (False, True)
    reconcile(Options(limit=1))
    assert fresh(second).reconciled_at is not None


def test_one_batch_after_the_other_has_its_turn(sandbox, monkeypatch):
    trip = make_trip()
    for seat in ("1A", "1B", "1C", "1D", "2A"):
        start(seat, trip)
    reconcile(Options(limit=2))  # so that some were compared before and some never
    monkeypatch.setattr(selection, "BATCH", 2)
    shown = []
    report = reconcile(Options(limit=0), lambda done, of: shown.append((done, of)))
    assert report["scanned"] == 5
    assert shown == [(0, 5), (2, 5), (3, 5), (5, 5)]
    assert reconcile(Options(limit=3, dry_run=True))["scanned"] == 3


def test_a_dry_run_takes_nobodys_turn(sandbox):
    payment = start()
    assert reconcile(Options(dry_run=True))["scanned"] == 1
    assert fresh(payment).reconciled_at is None


def test_the_look_back_leaves_older_payments_out(sandbox):
    start()
    age_payments("8 days")
    assert reconcile(Options())["scanned"] == 0
    assert reconcile(Options(lookback_days=9))["scanned"] == 1


def test_a_payment_that_postgresql_refuses_to_compare_holds_up_no_other(sandbox, monkeypatch):
    trip = make_trip()
    broken, fine = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    real = compare.take_in

    def take_in(payment, facts):
        if payment.pk == broken.pk:
            raise OperationalError("canceling statement due to lock timeout")
        return real(payment, facts)

    monkeypatch.setattr(compare, "take_in", take_in)
    assert sorted(findings(command())) == [("not_compared", "failed"), ("paid_at_gateway", "fixed")]
    assert fresh(fine).is_paid


@pytest.mark.parametrize(
    "wrong", [{"limit": -1}, {"lookback_days": -1}, {"min_age_minutes": -5}, {"lookback_days": 10**9}]
)
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(FieldsInvalid):
        Options(**wrong)


def test_what_is_paid_here_only_is_told_and_never_mended(sandbox):
    _booking, payment = buy(sandbox, "1A")
    sandbox.reset()  # the gateway forgets everything
    before = books()
    report = command()
    assert findings(report) == [("paid_here_only", "reported")]
    assert (report["fixed"], report["mismatches"]) == (0, 1)
    assert books() == before
    assert fresh(payment).status == "succeeded"
    assert Finding.objects.get().payment == payment


def test_books_that_were_lost_are_written_anew(sandbox):
    _booking, payment = buy(sandbox)
    before = books()
    forget_entries("%")
    assert findings(command("--dry-run")) == [("charge_not_posted", "would_fix"), ("fee_not_posted", "would_fix")]
    assert not JournalEntry.objects.exists()
    command()
    assert books() == before
    assert command()["mismatches"] == 0
    assert fresh(payment).status == "succeeded"


def test_a_gateway_that_is_down_is_no_difference(sandbox, settings):
    paid_unheard(sandbox, "1A")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    report = command()
    assert (report["scanned"], report["mismatches"], report["fixed"]) == (1, 0, 0)
    assert report["skipped"] >= 1
    assert Booking.objects.get().status == "pending_payment"


def test_one_payment_that_cannot_be_mended_holds_up_no_other(sandbox, monkeypatch):
    trip = make_trip()
    broken, fine = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    real = compare.take_in

    def take_in(payment, facts):
        if payment.pk == broken.pk:
            raise RuntimeError("broken")
        return real(payment, facts)

    monkeypatch.setattr(compare, "take_in", take_in)
    report = command()
    assert sorted(findings(report)) == [("paid_at_gateway", "failed"), ("paid_at_gateway", "fixed")]
    assert fresh(fine).is_paid


def test_the_report_is_kept_with_its_correlation_id(sandbox):
    with correlated("of-this-run-1234"):
        report = reconcile(Options(dry_run=True))
    run = ReconciliationRun.objects.get()
    assert (run.correlation_id, report["correlation_id"]) == ("of-this-run-1234", "of-this-run-1234")
    assert run.options == {"dry_run": True, "lookback_days": 7, "limit": 100, "min_age_minutes": 0}
    assert run.completed_at is not None


def test_the_command_tells_people_what_it_found(sandbox):
    payment = paid_unheard(sandbox)
    out, err = StringIO(), StringIO()
    call_command("reconcile", "--dry-run", stdout=out, stderr=err)
    found, counts = out.getvalue().splitlines()
    intent = charge_of(sandbox, payment)["payment_intent"]
    told = (
        f"would_fix paid_at_gateway payment {payment.pk} {intent} book the payment: the seats are sold, or it goes back"
    )
    assert " ".join(found.split()) == told
    assert counts == "scanned 1, mismatches 1, fixed 0, failed 0, skipped 0"
    assert err.getvalue().splitlines() == ["0 of 1 payments compared", "1 of 1 payments compared"]


def test_a_run_takes_the_place_of_what_earlier_ones_had_found(sandbox):
    paid_unheard(sandbox)
    for _again in range(2):
        command("--dry-run")
    assert Finding.objects.get(Finding.UNSETTLED).run == ReconciliationRun.objects.latest("pk")
    command()
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()
    assert {found.settled_by for found in Finding.objects.exclude(settled_at=None)} == {"job:reconcile_payments"}


def test_what_turned_out_well_by_itself_is_not_left_to_people(sandbox):
    payment = paid_unheard(sandbox)
    command("--dry-run")
    reconcile_one(payment)
    assert command()["details"] == []
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()


def test_what_people_have_explained_is_not_told_again_until_it_changes(sandbox, monkeypatch):
    _booking, payment = buy(sandbox)
    sandbox.reset()
    command()
    (found,) = Finding.objects.all()
    explain_finding(found.pk, note="  A test account that was closed. ")
    found.refresh_from_db()
    assert (found.note, found.settled_by, found.settled_at is None) == (
        "A test account that was closed.",
        "system",
        False,
    )
    assert command()["details"] == []
    assert not Finding.objects.filter(Finding.UNSETTLED).exists()
    monkeypatch.setattr("payments.gateways.stripe.StripeGateway.report", lambda _self, _payment: (SessionEnded(),))
    assert findings(command()) == [("paid_here_only", "reported")]
    assert fresh(payment).is_paid


def test_a_dispute_that_was_lost_long_after_the_payment_is_found(sandbox):
    _booking, payment = buy(sandbox)
    opened = sandbox.dispute(payment.charge_id)
    tell_all(sandbox)
    age_payments("50 days")
    assert command()["scanned"] == 1
    sandbox.move_dispute(opened["id"], "lost")  # nobody tells us, and it moves nothing on the balance
    assert findings(command()) == [("dispute_out_of_step", "fixed")]
    assert (Dispute.objects.get().status, "gateway:stripe:disputed" in books()) == ("lost", False)
    assert command()["scanned"] == 0, "it is decided"


def test_a_dispute_of_which_only_the_deadline_moved_is_out_of_step(sandbox):
    _booking, payment = buy(sandbox)
    sandbox.dispute(payment.charge_id)
    tell_all(sandbox)
    Dispute.objects.update(respond_by=None)
    assert findings(command()) == [("dispute_out_of_step", "fixed")]
    assert Dispute.objects.get().respond_by is not None
    assert command()["details"] == []


@pytest.mark.parametrize("note", ["", "  "])
def test_an_explanation_says_something(sandbox, note):
    buy(sandbox)
    sandbox.reset()
    command()
    with pytest.raises(FieldsInvalid):
        explain_finding(Finding.objects.get().pk, note=note)
    assert Finding.objects.filter(Finding.UNSETTLED).count() == 1


def test_what_was_mended_needs_no_explanation(sandbox):
    paid_unheard(sandbox)
    command()
    with pytest.raises(InvalidState):
        explain_finding(Finding.objects.get().pk, note="I see")


def test_one_payment_can_be_repaired_alone(sandbox):
    trip = make_trip()
    wanted, other = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    command("--dry-run")
    report = repair(wanted.pk)
    assert (findings(report), report["scanned"]) == ([("paid_at_gateway", "fixed")], 1)
    assert (fresh(wanted).is_paid, fresh(other).is_paid) == (True, False)
    (left,) = Finding.objects.filter(Finding.UNSETTLED)
    assert left.payment == other
    assert ReconciliationRun.objects.latest("pk").options == {"payment": str(wanted.pk)}


def test_runs_and_events_at_once_have_one_effect(sandbox):
    trip = make_trip()
    payments = [paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B", "1C")]
    told = [partial(send, event) for event in sandbox.events("checkout.session.completed")]
    reports = at_once(*[command] * 3, *told)
    assert [answer.status_code for answer in reports[3:]] == [200] * 3
    assert sum(report["failed"] for report in reports[:3]) == 0
    assert sum(report["fixed"] for report in reports[:3]) <= 3
    assert all(fresh(payment.booking).status == "confirmed" for payment in payments)
    assert JournalEntry.objects.filter(kind="charge").count() == 3
    assert command()["details"] == []
    assert_gateway_agrees(sandbox)
