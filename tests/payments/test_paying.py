"""From a hold to a confirmed booking: start, webhooks, confirmation, ledger, e-mail."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core import mail

from bookings.errors import PassengersIncomplete, TripClosed
from bookings.models import SeatClaim
from core import outbox
from core.errors import InvalidState
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions.abandon import abandon
from payments.actions.apply import apply
from payments.actions.cancel import cancel_unpaid
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.errors import GatewayError
from payments.gateways.base import Failed, Processing
from payments.gateways.stripe.reading import session_facts
from payments.models import GatewayEvent, Payment, Refund
from tests.payments.gateway import send, send_all
from tests.payments.scene import fresh, postings
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db


def test_starting_a_payment_opens_one_session_with_our_names_on_it(sandbox, booking, payment):
    assert fresh(booking).status == "pending_payment"
    (session,) = sandbox.state["sessions"]
    assert session["id"] == payment.session_id
    assert payment.checkout_url.startswith(sandbox.url)
    assert session["metadata"]["booking_reference"] == booking.reference
    assert session["amount_total"] == booking.total.amount == payment.amount
    assert payment.fare_amount + payment.tax_amount + payment.fee_amount == payment.amount


def test_starting_again_goes_on_with_the_open_payment(sandbox, booking, payment):
    again = start_payment(booking.pk)
    assert (again.payment.pk, again.new) == (payment.pk, False)
    assert len(sandbox.state["sessions"]) == 1


def test_a_payment_needs_every_name(sandbox):
    booking = hold_seats(make_trip(), "1A", "1B", named=False)
    with pytest.raises(PassengersIncomplete) as refused:
        start_payment(booking.pk)
    assert refused.value.members == {"seats": ["1A", "1B"]}
    assert not Payment.objects.exists()
    assert sandbox.state["sessions"] == []


def test_a_payment_is_not_started_for_a_trip_that_was_cancelled(sandbox, booking):
    booking.trip.cancel(reason="sandstorm")
    with pytest.raises(TripClosed):
        start_payment(booking.pk)
    assert not Payment.objects.exists()
    assert sandbox.state["sessions"] == []


def test_paid_events_in_the_gateways_order_confirm_once(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    for charge in sandbox.state["charges"]:
        sandbox.control(f"charges/{charge['id']}/balance")
    assert {answer.status_code for answer in send_all(sandbox)} == {200}
    assert_paid_once(booking, payment)


@pytest.mark.parametrize(
    "order",
    [
        ("checkout.session.completed", "payment_intent.succeeded", "charge.updated"),
        ("charge.updated", "payment_intent.succeeded", "checkout.session.completed"),
        ("payment_intent.succeeded", "charge.updated"),
        ("checkout.session.completed",),
    ],
)
def test_any_order_of_paid_events_ends_in_the_same_books(sandbox, booking, payment, order):
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{sandbox.state['charges'][0]['id']}/balance")
    send_all(sandbox, *order)
    assert_paid_once(booking, payment)


def assert_paid_once(booking, payment):
    booking, payment = fresh(booking), fresh(payment)
    assert (booking.status, booking.payment_status, booking.paid_amount) == ("confirmed", "paid", payment.amount)
    assert payment.status == "succeeded"
    assert payment.charge_id.startswith("ch_")
    assert set(SeatClaim.objects.values_list("booking_id", "expires_at")) == {(booking.pk, None)}
    total, fee = payment.amount, round(payment.amount * 0.029) + 100
    assert postings() == {
        "charge": {
            "gateway:stripe:clearing": total,
            "travellers:unearned": -payment.fare_amount,
            "tax:payable": -payment.tax_amount,
            "platform:booking_fees": -payment.fee_amount,
        },
        "fee": {"platform:gateway_fees": fee, "gateway:stripe:clearing": -fee},
    }
    assert OutboxMessage.objects.filter(kind="booking.confirmed").count() == 1
    assert not Refund.objects.exists()


def test_the_confirmation_goes_out_once_as_text_and_html(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    send_all(sandbox)
    outbox.drain()
    outbox.drain()
    (message,) = mail.outbox
    assert message.to == ["layla@example.com"]
    assert booking.reference in message.subject
    assert booking.reference in message.body
    assert "1A" in message.body
    assert message.alternatives[0][1] == "text/html"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"  # no out-of-office reply comes back


def test_a_declined_card_and_then_a_good_one_is_one_booking_with_one_charge(sandbox, booking, payment):
    sandbox.pay(payment.session_id, "declined")
    send_all(sandbox)
    assert (fresh(payment).status, fresh(booking).status) == ("failed", "pending_payment")
    assert fresh(payment).last_error
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{sandbox.state['charges'][-1]['id']}/balance")
    send_all(sandbox)
    assert_paid_once(booking, payment)
    assert fresh(payment).last_error == ""


def test_sync_learns_of_the_payment_without_any_webhook(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    sandbox.control(f"charges/{sandbox.state['charges'][0]['id']}/balance")
    assert sync(payment.pk).status == "succeeded"
    assert_paid_once(booking, payment)
    send_all(sandbox)
    assert_paid_once(booking, payment)


def test_unknown_event_types_are_stored_and_left(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    data = {"object": {"object": "capability"}}
    answer = send({"id": "evt_x", "object": "event", "type": "capability.updated", "data": data})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    event = GatewayEvent.objects.get(event_id="evt_x")
    assert event.processed_at is not None
    assert fresh(booking).status == "pending_payment"


def test_a_payment_that_is_given_up_ends_the_session_and_leaves_the_hold(sandbox, booking, payment):
    assert abandon(payment.pk).status == "cancelled"
    assert fresh(booking).status == "pending"
    assert sandbox.state["sessions"][0]["status"] == "expired"
    assert SeatClaim.objects.filter(booking=booking).count() == 2
    send_all(sandbox)
    assert fresh(booking).status == "pending"
    second = start_payment(booking.pk).payment
    assert second.pk != payment.pk


def test_giving_up_a_payment_that_was_just_paid_confirms_it(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    assert abandon(payment.pk).status == "succeeded"
    assert fresh(booking).status == "confirmed"


def test_cancelling_before_payment_frees_the_seats_and_ends_the_session(sandbox, booking, payment):
    cancel_unpaid(booking.pk, reason="changed my mind")
    assert fresh(booking).status == "cancelled"
    assert {passenger.status for passenger in booking.passengers.model.objects.all()} == {"cancelled"}
    assert SeatClaim.objects.count() == 0
    assert sandbox.state["sessions"][0]["status"] == "expired"
    assert JournalEntry.objects.count() == 0


def test_cancelling_as_unpaid_is_refused_once_paid(sandbox, booking, payment):
    sandbox.pay(payment.session_id)
    with pytest.raises(InvalidState):
        cancel_unpaid(booking.pk)
    assert fresh(booking).status == "confirmed"
    assert SeatClaim.objects.filter(expires_at=None).count() == 2


def test_a_slow_payment_keeps_the_seats_and_confirms_when_the_money_comes(sandbox, booking, payment, settings):
    sandbox.pay(payment.session_id, "bank_transfer")
    send_all(sandbox)
    processing = fresh(booking)
    assert (fresh(payment).status, processing.payment_status) == ("processing", "processing")
    assert processing.expires_at - booking.created_at >= settings.PROCESSING_HOLD
    assert set(SeatClaim.objects.values_list("expires_at", flat=True)) == {processing.expires_at}
    sandbox.control(f"sessions/{payment.session_id}/settle", success=True)
    send_all(sandbox)
    assert fresh(booking).status == "confirmed"


def test_a_slow_payment_that_fails_gives_the_seats_back(sandbox, booking, payment):
    sandbox.pay(payment.session_id, "bank_transfer")
    send_all(sandbox)
    sandbox.control(f"sessions/{payment.session_id}/settle", success=False)
    send_all(sandbox)
    assert (fresh(payment).status, fresh(booking).status) == ("failed", "failed")
    assert SeatClaim.objects.count() == 0
    assert OutboxMessage.objects.filter(kind="payment.failed").count() == 1
    again = start_payment(booking.pk).payment
    assert again.pk != payment.pk
    assert SeatClaim.objects.count() == 2


@pytest.mark.parametrize("declined_first", [False, True])
@pytest.mark.parametrize("failed_first", [False, True])
def test_a_slow_payment_that_fails_ends_alike_in_every_order(sandbox, booking, payment, declined_first, failed_first):
    if declined_first:
        sandbox.pay(payment.session_id, "declined")
    sandbox.pay(payment.session_id, "bank_transfer")
    sandbox.control(f"sessions/{payment.session_id}/settle", success=False)
    kinds = ["payment_intent.payment_failed", "checkout.session.completed", "checkout.session.async_payment_failed"]
    send_all(sandbox, *(reversed(kinds) if failed_first else kinds))
    payment = fresh(payment)
    assert (payment.status, payment.checkout_url, payment.can_be_tried) == ("failed", "", False)
    assert (fresh(booking).status, fresh(booking).payment_status) == ("failed", "unpaid")
    assert SeatClaim.objects.count() == 0
    assert OutboxMessage.objects.filter(kind="payment.failed").count() == 1
    assert cancel_unpaid(booking.pk).status == "cancelled"


def test_old_news_of_a_payment_under_way_does_not_reopen_one_that_ended(sandbox, booking, payment):
    sandbox.pay(payment.session_id, "bank_transfer")
    send_all(sandbox)
    sandbox.control(f"sessions/{payment.session_id}/settle", success=False)
    send_all(sandbox)
    apply(fresh(payment), (Processing(),))
    assert (fresh(payment).status, fresh(booking).payment_status) == ("failed", "unpaid")


@pytest.mark.parametrize(
    ("intent", "fact"),
    [
        ({"status": "processing"}, Processing),
        ({"status": "requires_action"}, Processing),
        ({"status": "requires_payment_method", "last_payment_error": {"message": "no"}}, Failed),
        ({"status": "canceled"}, Failed),
    ],
)
def test_a_completed_unpaid_session_fails_only_when_its_intent_is_over(intent, fact):
    (told,) = session_facts({"status": "complete", "payment_status": "unpaid", "payment_intent": intent})
    assert isinstance(told, fact)


@pytest.mark.parametrize("answer", ["{}", "[]", "null", "<html>", '{"id": "cs_1"}'])
def test_an_answer_that_is_none_is_a_gateway_error_that_tells_nothing_of_it(booking, settings, answer):
    with gateway_that_says(answer) as settings.STRIPE_API_BASE, pytest.raises(GatewayError) as refused:
        start_payment(booking.pk)
    assert answer not in refused.value.detail
    assert fresh(booking).status == "pending"


def test_a_session_is_ended_only_if_the_gateway_says_so(sandbox, booking, payment, settings):
    with gateway_that_says('{"status": "open", "payment_intent": null}') as settings.STRIPE_API_BASE:
        assert abandon(payment.pk).is_open
    assert fresh(booking).status == "pending_payment"


@contextmanager
def gateway_that_says(answer: str):
    """A gateway that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_args) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
