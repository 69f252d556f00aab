"""A hold ends, paid or not: who gets the seats, what goes back, and which pages are ended."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from bookings.actions.extend import extend
from bookings.actions.release import expire
from bookings.errors import HoldExpired
from bookings.locks import lock_booking
from bookings.models import Booking, SeatClaim
from core import outbox
from core.models import OutboxMessage, StatusChange
from core.transactions import in_one_transaction
from ledger.queries import balance
from payments.actions import expire as expire_module
from payments.actions.apply import apply
from payments.actions.expire import expire_ended_holds
from payments.actions.start import start_payment
from payments.gateways.base import Paid
from payments.models import Payment, Refund
from tests.database import age_hold
from tests.payments import flutterwave
from tests.payments.gateway import send_all
from tests.payments.scene import fresh, postings
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db


def test_money_that_comes_after_departure_goes_back(sandbox, booking, payment):
    sandbox.pay(payment.session_id, "bank_transfer")
    send_all(sandbox)
    past = booking.created_at - timedelta(days=3)
    booking.trip.stops.update(arrives_at=past, departs_at=past, sales_end_at=past)
    sandbox.control(f"sessions/{payment.session_id}/settle", success=True)
    send_all(sandbox)
    assert (fresh(booking).status, fresh(booking).payment_status) == ("pending_payment", "unpaid")
    assert Refund.objects.get().reason == "late"


def test_one_booking_that_cannot_be_ended_does_not_hold_up_the_others(booking, monkeypatch):
    connection.cursor().execute("UPDATE bookings_booking SET expires_at = now()")
    other = hold_seats(booking.trip, "2A")
    connection.cursor().execute("UPDATE bookings_booking SET expires_at = now()")
    ending = expire_module._end
    monkeypatch.setattr(expire_module, "_end", lambda pk: 1 / 0 if pk == booking.pk else ending(pk))
    assert expire_ended_holds() == {"expired": 1, "kept": 0, "failed": 1}
    assert fresh(other).status == "expired"


@pytest.mark.django_db(transaction=True)
class TestTime:
    """With real commits, because a hold's end is moved by the owner."""

    def test_an_ended_hold_expires_with_its_session(self, sandbox, booking, payment):
        age_hold(booking)
        assert expire_ended_holds() == {"expired": 1, "kept": 0, "failed": 0}
        assert (fresh(booking).status, fresh(payment).status) == ("expired", "cancelled")
        assert sandbox.state["sessions"][0]["status"] == "expired"
        assert SeatClaim.objects.count() == 0
        assert expire_ended_holds() == {"expired": 0, "kept": 0, "failed": 0}

    def test_the_sweeper_asks_the_gateway_and_keeps_a_booking_that_was_paid(self, sandbox, booking, payment):
        sandbox.pay(payment.session_id)
        age_hold(booking)
        assert expire_ended_holds() == {"expired": 0, "kept": 1, "failed": 0}
        assert fresh(booking).status == "confirmed"

    def test_money_after_the_end_gets_the_seats_if_they_are_free(self, sandbox, booking, payment):
        age_hold(booking)
        expire_ended_holds_without_gateway(booking)
        sandbox.pay(payment.session_id)
        send_all(sandbox)
        assert fresh(booking).status == "confirmed"
        assert SeatClaim.objects.filter(booking=booking, expires_at=None).count() == 2
        assert not Refund.objects.exists()

    def test_money_after_the_seats_were_sold_again_goes_back(self, sandbox, booking, payment):
        sandbox.pay(payment.session_id)
        age_hold(booking)
        other = hold_seats(booking.trip, "1B")
        send_all(sandbox)
        assert fresh(booking).status == "pending_payment"
        assert fresh(payment).status == "succeeded"
        refund = Refund.objects.get()
        assert (refund.status, refund.amount, refund.reason) == ("requested", payment.amount, "late")
        assert postings() == {"charge": {"gateway:stripe:clearing": payment.amount, "refunds:payable": -payment.amount}}
        assert OutboxMessage.objects.filter(kind="refund.requested").count() == 1
        assert set(SeatClaim.objects.filter(expires_at=None)) == set()
        assert SeatClaim.objects.filter(booking=other).count() == 1
        assert balance("refunds:payable", "SAR") == -payment.amount
        outbox.drain()
        assert any(booking.reference in message.subject for message in mail.outbox)

    def test_a_payment_is_not_started_on_an_ended_hold(self, sandbox, booking):
        age_hold(booking)
        with pytest.raises(HoldExpired):
            start_payment(booking.pk)
        assert sandbox.state["sessions"] == []

    def test_extending_while_a_payment_is_open_keeps_it_open(self, sandbox, booking, payment):
        age_hold(booking, 5)
        extended = extend(booking.pk)
        sandbox.pay(payment.session_id)
        send_all(sandbox)
        assert fresh(booking).status == "confirmed"
        assert StatusChange.objects.filter(subject_id=str(booking.pk), to_status="confirmed").count() == 1
        assert extended.status == "pending_payment"


def expire_ended_holds_without_gateway(booking: Booking) -> None:
    """The hold's end as it looks when the traveller pays in the moment between asking and expiring."""

    @in_one_transaction
    def end() -> None:
        expire(*lock_booking(booking.pk))

    end()


def test_a_second_paid_session_is_kept_apart_and_goes_back(sandbox, booking, payment):
    abandon_locally(payment)
    second = start_payment(booking.pk).payment
    for one in (payment, second):
        sandbox.pay(one.session_id)
    send_all(sandbox)
    assert fresh(booking).status == "confirmed"
    assert fresh(booking).paid_amount == payment.amount
    refund = Refund.objects.get()
    assert refund.reason == "duplicate"
    assert balance("refunds:payable", "SAR") == -payment.amount
    assert balance("gateway:stripe:clearing", "SAR") == 2 * payment.amount


def test_a_session_left_open_beside_the_paid_one_is_ended(sandbox, booking, payment):
    abandon_locally(payment)
    second = start_payment(booking.pk).payment
    sandbox.pay(payment.session_id)
    send_all(sandbox)
    assert (fresh(booking).status, fresh(second).status) == ("confirmed", "pending")
    expire_ended_holds()
    assert fresh(second).status == "cancelled"
    assert {session["status"] for session in sandbox.state["sessions"]} == {"complete", "expired"}
    assert fresh(booking).status == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_is_not_offered_any_more_does_not_stop_the_sweeper(sandbox, settings):
    booking = flutterwave.hold("1A")
    left_open = flutterwave.start(booking)
    of_ended = flutterwave.start(flutterwave.hold("1B", trip=booking.trip))
    apply(left_open, (Paid("1", "1", left_open.money),))
    second = Payment.objects.create(
        booking=booking, gateway="flutterwave", session_id="x", checkout_url="http://x", currency="NGN",
        amount=left_open.amount, fare_amount=left_open.amount, tax_amount=0, fee_amount=0,
    )  # fmt: skip
    ended = hold_seats(booking.trip, "2A")
    for one in (ended, of_ended.booking):
        age_hold(one)
    settings.FLUTTERWAVE_SECRET_KEY = ""
    assert expire_ended_holds() == {"expired": 1, "kept": 0, "failed": 1}
    assert fresh(ended).status == "expired"
    assert (fresh(second).status, fresh(of_ended).status) == ("pending", "pending")


@pytest.mark.django_db(transaction=True)
def test_sessions_left_open_at_a_gateway_that_is_not_offered_any_more_hold_up_no_other(sandbox, settings, monkeypatch):
    monkeypatch.setattr(expire_module, "_BATCH", 2)
    trip = make_trip("LOS", "ABV", currency="NGN")
    for seat in ("1A", "1B"):
        end_left_open(flutterwave.start(flutterwave.hold(seat, trip=trip)))
    left = start_payment(hold_seats(make_trip(), "1A").pk).payment
    end_left_open(left)
    settings.FLUTTERWAVE_SECRET_KEY = ""
    expire_ended_holds()
    assert fresh(left).status == "cancelled"
    assert sandbox.state["sessions"][0]["status"] == "expired"
    assert Payment.objects.filter(status="pending").count() == 2


def end_left_open(payment: Payment) -> None:
    """The hold ends, and the payment's page stays open."""
    age_hold(payment.booking)
    expire_ended_holds_without_gateway(payment.booking)


def abandon_locally(payment: Payment) -> None:
    """What is left of a payment whose page stays open because the call to end it never reached the gateway."""
    payment = fresh(payment)
    payment.cancel()
    Booking.objects.get(pk=payment.booking_id).abandon_payment()
