"""Every difference there may be: found by its name, left alone by a dry run, mended once, and gone after that."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import replace
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.models import Finding, FindingKind, Payment, Refund
from tests.docs.documents import rows, section
from tests.payments import flutterwave
from tests.payments.reconciling import command, everything, findings, forget_entries, paid_unheard, start, unguarded
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, send_refunds
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)
Scene = Callable[[Any], None]


def paid_there(sandbox) -> None:
    paid_unheard(sandbox)


def paid_there_after_it_was_given_up(sandbox) -> None:
    payment = start()
    sandbox.pay(payment.session_id)
    Payment.objects.get(pk=payment.pk).cancel(reason="lost patience")
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")


def under_way_there(sandbox) -> None:
    sandbox.control(f"sessions/{start().session_id}/pay", method="bank_transfer")


def declined_there(sandbox) -> None:
    sandbox.pay(start().session_id, "declined")


def failed_there(sandbox) -> None:
    payment = start()
    sandbox.pay(payment.session_id, "bank_transfer")
    sandbox.control(f"sessions/{payment.session_id}/settle", success=False)


def ended_there(sandbox) -> None:
    sandbox.control(f"sessions/{start().session_id}/expires_at", in_seconds=-1)


def refunded_in_the_dashboard(sandbox) -> None:
    _booking, payment = buy(sandbox)
    sandbox.refund_in_dashboard(payment.charge_id, 700)


def refund_that_settled_since(sandbox) -> None:
    booking, _payment = buy(sandbox)
    sandbox.mode(refund_outcome="pending")
    cancel(booking.pk, Wish())
    send_refunds()
    sandbox.settle_refund(Refund.objects.get().attempts.get().gateway_refund_id, success=True)


def refund_that_bounced(sandbox) -> None:
    booking, _payment = buy(sandbox)
    cancel(booking.pk, Wish())
    send_refunds()
    sandbox.settle_refund(Refund.objects.get().attempts.get().gateway_refund_id, success=False)


def disputed_there(sandbox) -> None:
    _booking, payment = buy(sandbox)
    sandbox.dispute(payment.charge_id)


def dispute_that_was_lost(sandbox) -> None:
    _booking, payment = buy(sandbox)
    opened = sandbox.dispute(payment.charge_id)
    sync(payment.pk)
    sandbox.move_dispute(opened["id"], "lost")


def fee_that_came_late(sandbox) -> None:
    payment = start()
    sandbox.pay(payment.session_id)
    sync(payment.pk)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")


def conversion_that_came_late(sandbox) -> None:
    sandbox.mode(settlement_currency="usd", exchange_rate=0.27)
    fee_that_came_late(sandbox)


def charge_missing_in_the_ledger(sandbox) -> None:
    buy(sandbox)
    forget_entries("%:charge")


def charge_of_late_money_missing(sandbox) -> None:
    """Of it nothing was the booking's: all of it is owed back."""
    trip = make_trip()
    payment = start("1A", trip)
    start_payment(payment.booking_id)
    unguarded("DELETE FROM bookings_seatclaim")
    hold_seats(trip, "1A")
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    sync(payment.pk)
    assert Refund.objects.get().reason == "late"
    forget_entries("%:charge")


def fee_missing_in_the_ledger(sandbox) -> None:
    buy(sandbox)
    forget_entries("%:fee")


def refund_missing_in_the_ledger(sandbox) -> None:
    booking, _payment = buy(sandbox)
    cancel(booking.pk, Wish())
    send_refunds()
    forget_entries("%:refund")


def dispute_missing_in_the_ledger(sandbox) -> None:
    _booking, payment = buy(sandbox)
    sandbox.dispute(payment.charge_id)
    sync(payment.pk)
    forget_entries("%:dispute")


def loss_missing_in_the_ledger(sandbox) -> None:
    dispute_that_was_lost(sandbox)
    sync(Payment.objects.get().pk)
    forget_entries("%:lost")


MENDED = [
    (paid_there, "paid_at_gateway"),
    (paid_there_after_it_was_given_up, "paid_at_gateway"),
    (under_way_there, "processing_at_gateway"),
    (declined_there, "declined_at_gateway"),
    (failed_there, "failed_at_gateway"),
    (ended_there, "ended_at_gateway"),
    (refunded_in_the_dashboard, "refund_unknown_here"),
    (refund_that_settled_since, "refund_out_of_step"),
    (refund_that_bounced, "refund_out_of_step"),
    (disputed_there, "dispute_unknown_here"),
    (dispute_that_was_lost, "dispute_out_of_step"),
    (fee_that_came_late, "fee_not_posted"),
    (conversion_that_came_late, "conversion_not_posted"),
    (charge_missing_in_the_ledger, "charge_not_posted"),
    (charge_of_late_money_missing, "charge_not_posted"),
    (fee_missing_in_the_ledger, "fee_not_posted"),
    (refund_missing_in_the_ledger, "refund_not_posted"),
    (dispute_missing_in_the_ledger, "dispute_not_posted"),
    (loss_missing_in_the_ledger, "dispute_not_posted"),
]


@pytest.mark.parametrize(("scene", "finding"), MENDED, ids=[scene.__name__ for scene, _finding in MENDED])
def test_it_is_found_and_mended_and_gone(sandbox, scene: Scene, finding: str):
    scene(sandbox)
    before = everything()
    assert findings(command("--dry-run", "--limit", "0")) == [(finding, "would_fix")]
    assert everything() == before

    done = command("--limit", "0")
    assert findings(done) == [(finding, "fixed")]
    assert (done["fixed"], done["failed"], done["mismatches"]) == (1, 0, 1)
    (found,) = Finding.objects.filter(run__dry_run=False)
    assert (found.finding, found.payment.pk) == (finding, UUID(found.subject.removeprefix("payment ")))
    assert found.gateway_id
    sandbox.mode(refund_outcome="succeeded")
    send_refunds()
    for currency in ("SAR", "USD"):
        assert_gateway_agrees(sandbox, currency)

    again = command("--limit", "0")
    assert (again["mismatches"], again["details"]) == (0, []), again["details"]


def test_all_that_can_be_mended_is_tried_here():
    told = {"amount_differs", "currency_differs", "unknown_at_gateway"}
    told |= {kind for kind in FindingKind.values if kind.endswith("_here_only")}
    elsewhere = {"paid_twice", "unknown_money", "event_unprocessed", "not_compared", "gateway_unavailable"}
    assert {finding for _scene, finding in MENDED} == set(FindingKind.values) - told - elsewhere


def test_a_charge_that_went_back_by_itself_is_posted_as_it_was(sandbox):
    charge_of_late_money_missing(sandbox)
    command()
    payment = Payment.objects.get(succeeded_at__isnull=False)
    assert books() == {
        "gateway:stripe:clearing": books()["gateway:stripe:clearing"],
        "platform:gateway_fees": books()["platform:gateway_fees"],
        "refunds:payable": -payment.amount,
    }


def test_a_charge_that_went_back_in_part_another_way_is_posted_as_it_was(sandbox):
    charge_of_late_money_missing(sandbox)
    sync(Payment.objects.filter(refunds__reason="late").get().pk)
    late = Refund.objects.get(reason="late")
    assert findings(command()) == [("charge_not_posted", "fixed")]
    late.fail("The card is closed.")
    sandbox.refund_in_dashboard(charge_of(sandbox, late.payment)["id"], 500)
    sync(late.payment_id)
    replace(late.pk, note="The clerk sent a part.")
    before = books()
    forget_entries("%:charge")
    assert set(findings(command("--limit", "0"))) == {("charge_not_posted", "fixed")}
    assert books() == before


def test_every_finding_is_told_in_the_documents_and_no_other():
    names = " ".join(name for name, _means, _is in rows(section("docs/architecture.md", "Reconciliation")))
    assert sorted(re.findall(r"[a-z]+(?:_[a-z]+)+", names)) == sorted(FindingKind.values)


def test_a_page_that_was_paid_twice(sandbox):
    """The second payment is noted down with its fee, and goes back."""
    _booking, payment = flutterwave.buy(sandbox)
    sandbox.pay_flutterwave(payment.session_id)
    before = everything()
    assert findings(command("--dry-run")) == [("paid_twice", "would_fix")]
    assert everything() == before
    assert findings(command()) == [("paid_twice", "fixed")]
    assert command()["details"] == []
    flutterwave.assert_gateway_agrees(sandbox)
    assert [refund.reason for refund in Refund.objects.all()] == ["duplicate"]
    assert Refund.objects.get().payment != payment


def test_a_second_payment_is_booked_whatever_else_is_wrong_with_the_first(sandbox):
    payment = start()
    (copy,) = sandbox.copy_session(payment.session_id, [{"payment_id": str(payment.pk)}])
    sandbox.pay(payment.session_id)
    sync(payment.pk)
    refund = Refund.objects.create(payment=payment, amount=100, currency="SAR", reason="gateway")
    refund.attempts.create(number=1, gateway="stripe", gateway_refund_id="re_of_nobody")
    sandbox.pay(copy)
    assert sorted(findings(command())) == [("paid_twice", "fixed"), ("refund_here_only", "reported")]
    assert Refund.objects.exclude(reason="gateway").get().reason == "duplicate"
