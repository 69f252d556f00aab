"""Several tries on one page of Flutterwave's, which nobody can close: what one look told may be older than another."""

import pytest

from bookings.models import SeatClaim
from core.models import OutboxMessage
from payments.actions import reconcile
from payments.actions.apply import apply
from payments.actions.sync import sync
from payments.errors import Overtaken
from payments.gateways import flutterwave as adapter
from payments.gateways import gateway
from payments.models import Refund
from tests.payments.flutterwave import hold, send, start, tell_all, webhooks
from tests.payments.reconciling import command
from tests.payments.scene import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(sandbox):
    return hold("1A")


@pytest.fixture
def payment(booking):
    return start(booking)


def failed_transfer(sandbox, payment, *, heard_of: bool = False) -> None:
    lost = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    if heard_of:
        sync(payment.pk)
    sandbox.control("flutterwave/settle", transaction=lost["id"], success=False)
    if heard_of:
        sync(payment.pk)


def test_a_look_that_is_older_than_what_is_known_ends_nothing(sandbox, booking, payment):
    failed_transfer(sandbox, payment)
    older = gateway("flutterwave").report(payment)
    sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    with pytest.raises(Overtaken):
        apply(payment, older)
    assert (fresh(payment).status, fresh(booking).payment_status) == ("processing", "processing")
    assert SeatClaim.objects.count() == 1
    assert not OutboxMessage.objects.filter(kind="payment.failed").exists()


def test_whoever_was_overtaken_asks_once_more(sandbox, booking, payment, monkeypatch):
    failed_transfer(sandbox, payment)
    older = gateway("flutterwave").report(payment)
    second = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    sandbox.control("flutterwave/settle", transaction=second["id"], success=False)
    real = type(gateway("flutterwave")).report
    answers = iter([older])
    monkeypatch.setattr(
        type(gateway("flutterwave")), "report", lambda self, one: next(answers, None) or real(self, one)
    )
    assert sync(payment.pk).status == "failed"
    assert SeatClaim.objects.count() == 0


def test_an_event_that_was_overtaken_is_processed_later(sandbox, booking, payment, monkeypatch):
    failed_transfer(sandbox, payment)
    _pending, failed = webhooks(sandbox)
    older = gateway("flutterwave").report(payment)
    sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    with monkeypatch.context() as slow:
        slow.setattr("payments.gateways.flutterwave.unpaid_facts", lambda *_asked: older)
        assert send(failed).status_code == 500
    assert fresh(payment).status == "processing"
    assert send(failed).status_code == 200
    assert fresh(payment).status == "processing"


def test_a_transfer_that_begins_after_another_failed_holds_the_seats_again(sandbox, booking, payment):
    failed_transfer(sandbox, payment)
    tell_all(sandbox)
    assert (fresh(payment).status, fresh(booking).status, SeatClaim.objects.count()) == ("failed", "failed", 0)
    second = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    assert (fresh(payment).status, fresh(booking).status) == ("processing", "pending_payment")
    assert SeatClaim.objects.count() == 1
    sandbox.control("flutterwave/settle", transaction=second["id"], success=True)
    tell_all(sandbox)
    assert (fresh(payment).status, fresh(booking).status) == ("succeeded", "confirmed")
    assert not Refund.objects.exists()


def test_a_transfer_that_begins_when_the_seats_are_somebody_elses_is_late_money(sandbox, booking, payment):
    failed_transfer(sandbox, payment)
    tell_all(sandbox)
    other = hold("1A", trip=booking.trip)
    second = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    assert (fresh(payment).status, fresh(booking).status) == ("failed", "failed")
    assert set(SeatClaim.objects.values_list("booking_id", flat=True)) == {other.pk}
    sandbox.control("flutterwave/settle", transaction=second["id"], success=True)
    tell_all(sandbox)
    assert Refund.objects.get().reason == "late"


def test_an_answer_that_travels_slowly_is_as_old_as_its_question(sandbox, booking, payment, monkeypatch):
    failed_transfer(sandbox, payment)
    real, answers = adapter.pages, []

    def pages(path, **query):
        rows = list(real(path, **query))
        answers.append(path)
        if len(answers) == 1:  # the gateway has answered, and the answer travels
            sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
            sync(payment.pk)
        yield from rows

    monkeypatch.setattr(adapter, "pages", pages)
    sync(payment.pk)
    assert (fresh(payment).status, fresh(booking).payment_status) == ("processing", "processing")
    assert SeatClaim.objects.count() == 1


def test_a_transfer_that_begins_when_one_of_the_seats_is_somebody_elses_holds_none(sandbox):
    booking = hold("1A", "1B")
    payment = start(booking)
    failed_transfer(sandbox, payment)
    tell_all(sandbox)
    other = hold("1A", trip=booking.trip)
    sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sync(payment.pk)
    assert (fresh(payment).status, fresh(booking).status) == ("failed", "failed")
    assert set(SeatClaim.objects.values_list("booking_id", flat=True)) == {other.pk}


def test_each_end_of_a_payment_is_told(sandbox, booking, payment):
    for told in (1, 2):
        failed_transfer(sandbox, payment, heard_of=True)
        assert fresh(payment).status == "failed"
        assert OutboxMessage.objects.filter(kind="payment.failed").count() == told


@pytest.mark.django_db(transaction=True)
def test_a_comparison_that_was_overtaken_is_left_to_the_next(sandbox, booking, payment, monkeypatch):
    failed_transfer(sandbox, payment)
    real = reconcile._take

    def take(record, selection, answers):
        answers = list(answers)
        sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
        sync(payment.pk)
        real(record, selection, answers)

    monkeypatch.setattr(reconcile, "_take", take)
    report = command()
    assert (report["failed"], report["details"]) == (0, [])
    assert fresh(payment).status == "processing"
