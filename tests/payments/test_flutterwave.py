"""Paying through Flutterwave, against its stand-in: page, redirect, webhooks, polling; and nobody is believed."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from bookings.models import SeatClaim
from core.errors import FieldsInvalid
from core.models import OutboxMessage
from payments.actions.abandon import abandon
from payments.actions.expire import expire_ended_holds
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.errors import GatewayError, GatewayUnavailable
from payments.gateways import gateway
from payments.gateways.flutterwave import FlutterwaveGateway
from payments.gateways.flutterwave.checkout import PAGE_LIFE
from payments.models import GatewayCall, GatewayEvent, Payment, Refund
from tests.database import age_hold
from tests.payments.flutterwave import (
    assert_gateway_agrees,
    assert_paid_once,
    assert_untouched,
    hold,
    send,
    start,
    tell_all,
    webhooks,
)
from tests.payments.scene import books, fresh, send_refunds
from tests.services import wait_until
from tests.world import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(sandbox):
    return hold()


@pytest.fixture
def payment(booking):
    return start(booking)


# ------------------------------------------------------------------------------------------------------------ starting
def test_starting_makes_a_link_in_major_units_with_our_names_on_it(sandbox, booking, payment):
    (link,) = sandbox.flutterwave_state["links"]
    assert (link["tx_ref"], payment.session_id) == (str(payment.pk), str(payment.pk))
    assert (link["amount"], link["currency"]) == (payment.amount / 100, "NGN")
    assert link["customer"]["email"] == booking.contact_email
    assert link["meta"]["booking_reference"] == booking.reference
    assert link["expires_at"] - link["created"] == PAGE_LIFE.total_seconds()
    assert link["redirect_url"].endswith(f"/en/payments/{payment.pk}/return")
    assert payment.checkout_url == f"{sandbox.url}/flutterwave/pay/{link['id']}"
    (call,) = GatewayCall.objects.all()
    assert (call.gateway, call.operation, call.outcome) == ("flutterwave", "start", "answered")
    assert booking.contact_email not in json.dumps(call.request)


def test_starting_again_goes_on_with_the_open_payment(sandbox, booking, payment):
    assert start(booking).pk == payment.pk
    assert len(sandbox.flutterwave_state["links"]) == 1


def test_a_fee_of_half_a_franc_keeps_back_no_money(sandbox, monkeypatch):
    real = FlutterwaveGateway._verified

    def verified(self, identifier):
        told = real(self, identifier)
        return told | {"amount_settled": told["amount"] - Decimal("1.5")}

    monkeypatch.setattr(FlutterwaveGateway, "_verified", verified)
    booking = hold(currency="XOF")
    payment = start(booking)
    sandbox.pay_flutterwave(payment.session_id)
    tell_all(sandbox)
    assert (fresh(booking).status, fresh(payment).status) == ("confirmed", "succeeded")
    assert books("XOF")["platform:gateway_fees"] == 1


def test_an_answer_to_the_start_that_was_lost_costs_nothing_but_a_second_link(sandbox, booking):
    sandbox.fault("drop", gateway="flutterwave", method="POST", after_effect=True)
    with pytest.raises(GatewayUnavailable):
        start(booking)
    payment = start(booking)
    first, second = sandbox.flutterwave_state["links"]
    assert first["tx_ref"] == second["tx_ref"] == str(payment.pk)
    httpx.post(f"{sandbox.url}/flutterwave/pay/{first['id']}", data={"action": "pay"})
    sync(payment.pk)
    assert_paid_once(sandbox, booking, payment)


def test_a_currency_that_flutterwave_does_not_take_is_refused_before_anything_is_written(sandbox):
    booking = hold(currency="SAR")
    with pytest.raises(FieldsInvalid, match="SAR"):
        start(booking)
    assert not Payment.objects.exists()
    assert fresh(booking).status == "pending"
    assert sandbox.flutterwave_state["links"] == []


@pytest.mark.parametrize("name", ["FLUTTERWAVE_PUBLIC_KEY", "FLUTTERWAVE_SECRET_KEY", "FLUTTERWAVE_WEBHOOK_SECRETS"])
def test_without_one_of_its_keys_it_is_not_offered(sandbox, booking, settings, name):
    setattr(settings, name, type(getattr(settings, name))())
    with pytest.raises(FieldsInvalid):
        gateway("flutterwave")
    assert send({"event": "charge.completed"}, **{"verif-hash": ""}).status_code == 400
    assert not GatewayEvent.objects.exists()


# ------------------------------------------------------------------------------------------------------------- paying
@pytest.mark.parametrize("currency", ["NGN", "USD", "XOF"])
def test_paid_by_webhook(sandbox, currency):
    booking = hold(currency=currency)
    payment = start(booking)
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    answer = send(body)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert_paid_once(sandbox, booking, payment, currency)
    assert send(body).json() == {"received": True, "deduplicated": True}
    assert_paid_once(sandbox, booking, payment, currency)


@pytest.mark.parametrize("currency", ["NGN", "USD", "XOF"])
def test_paid_by_sync(sandbox, currency):
    booking = hold(currency=currency)
    payment = start(booking)
    sandbox.pay_flutterwave(payment.session_id)
    assert sync(payment.pk).status == "succeeded"
    assert_paid_once(sandbox, booking, payment, currency)
    tell_all(sandbox)
    sync(payment.pk)
    assert_paid_once(sandbox, booking, payment, currency)


def press(payment, action):
    """A button of the page; then, as the browser does it, the address that it leads to."""
    answer = httpx.post(payment.checkout_url, data={"action": action})
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    return Client().get(f"{parts.path}?{parts.query}")


def test_the_redirect_back_is_not_believed_but_makes_us_ask(sandbox, booking, payment):
    Client().get(f"/en/payments/{payment.pk}/return?status=successful&tx_ref={payment.pk}&transaction_id=1")
    assert_untouched(booking, payment)
    press(payment, "pay")
    assert_paid_once(sandbox, booking, payment)


def test_leaving_the_page_leaves_the_payment_open(sandbox, booking, payment):
    assert press(payment, "leave").status_code == 200
    assert_untouched(booking, payment)


def test_the_traveller_who_left_the_page_is_told_so_and_not_kept_waiting(sandbox, booking, payment):
    client = Client()
    booking.owner = make_user()
    booking.save(update_fields=["owner"])
    client.force_login(booking.owner)
    answer = client.get(f"/en/payments/{payment.pk}/return?status=cancelled&tx_ref={payment.pk}")
    assert answer.headers["location"] == f"/en/bookings/{booking.reference}"
    waiting = client.get(f"/en/payments/{payment.pk}/return?status=successful&tx_ref={payment.pk}")
    assert waiting.status_code == 200


def test_a_decline_and_then_a_success_on_one_link_is_one_booking(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id, "declined")
    tell_all(sandbox)
    declined = fresh(payment)
    assert (declined.status, fresh(booking).status, declined.can_be_tried) == ("failed", "pending_payment", True)
    assert declined.last_error == "The payment was declined."
    sandbox.pay_flutterwave(payment.session_id)
    tell_all(sandbox)
    assert_paid_once(sandbox, booking, payment)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_webhooks_of_one_link_end_alike_in_every_order(sandbox, booking, payment, order):
    for method in ("declined", "bank_transfer", "card"):
        sandbox.pay_flutterwave(payment.session_id, method)
    bodies = webhooks(sandbox)
    for index in order:
        assert send(bodies[index]).status_code == 200
    assert_paid_once(sandbox, booking, payment)


def test_a_transfer_is_pending_and_then_paid_under_the_same_id(sandbox, booking, payment, settings):
    waiting = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    tell_all(sandbox)
    processing = fresh(booking)
    assert (fresh(payment).status, processing.payment_status) == ("processing", "processing")
    assert processing.expires_at - booking.created_at >= settings.PROCESSING_HOLD
    sandbox.control("flutterwave/settle", transaction=waiting["id"], success=True)
    pending, successful = webhooks(sandbox)
    assert pending["data"]["id"] == successful["data"]["id"]
    assert send(successful).json() == {"received": True}  # not taken for the one before
    assert_paid_once(sandbox, booking, payment)
    assert send(pending).json() == {"received": True, "deduplicated": True}
    assert_paid_once(sandbox, booking, payment)


def test_a_transfer_is_polled_where_no_webhook_comes(sandbox, booking, payment):
    waiting = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    assert sync(payment.pk).status == "processing"
    sandbox.control("flutterwave/settle", transaction=waiting["id"], success=True)
    assert sync(payment.pk).status == "succeeded"
    assert_paid_once(sandbox, booking, payment)


@pytest.mark.parametrize("told_pending", [True, False])
@pytest.mark.parametrize("declined_first", [True, False])
def test_a_transfer_that_never_arrives_gives_the_seats_back_whatever_was_heard_before(
    sandbox, booking, payment, told_pending, declined_first
):
    if declined_first:
        sandbox.pay_flutterwave(payment.session_id, "declined")
        tell_all(sandbox)
    waiting = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    if told_pending:
        tell_all(sandbox)
    sandbox.control("flutterwave/settle", transaction=waiting["id"], success=False)
    tell_all(sandbox)
    assert (fresh(payment).status, fresh(booking).status) == ("failed", "failed")
    assert not fresh(payment).can_be_tried
    assert SeatClaim.objects.count() == 0
    assert OutboxMessage.objects.filter(kind="payment.failed").count() == 1
    again = start(booking)
    assert again.pk != payment.pk
    sandbox.pay_flutterwave(again.session_id)
    sync(again.pk)
    assert fresh(booking).status == "confirmed"


def test_a_transfer_that_failed_does_not_end_another_that_is_under_way(sandbox, booking, payment):
    lost = sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    sandbox.control("flutterwave/settle", transaction=lost["id"], success=False)
    tell_all(sandbox)
    assert (fresh(payment).status, fresh(booking).payment_status) == ("processing", "processing")


# ----------------------------------------------------------------------------------------------------------- giving up
def test_giving_up_ends_it_here_and_late_money_still_gets_the_free_seats(sandbox, booking, payment):
    assert abandon(payment.pk).status == "cancelled"
    assert fresh(booking).status == "pending"
    sandbox.pay_flutterwave(payment.session_id)
    tell_all(sandbox)
    assert_paid_once(sandbox, booking, payment)


def test_giving_up_what_was_just_paid_confirms_it(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id)
    assert abandon(payment.pk).status == "succeeded"
    assert_paid_once(sandbox, booking, payment)


def test_what_is_under_way_is_not_given_up(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id, "bank_transfer")
    assert abandon(payment.pk).status == "processing"


def test_two_links_of_one_booking_both_paid_keep_one(sandbox, booking, payment):
    abandon(payment.pk)
    other = start(booking)
    for one in (payment, other):
        sandbox.pay_flutterwave(one.session_id)
    tell_all(sandbox)
    assert fresh(booking).status == "confirmed"
    assert {fresh(one).status for one in (payment, other)} == {"succeeded"}
    assert Refund.objects.get().reason == "duplicate"
    send_refunds()
    assert_gateway_agrees(sandbox)


def test_the_traveller_may_change_to_the_other_gateway_and_back(sandbox, booking, payment):
    by_stripe = start_payment(booking.pk, "stripe").payment
    assert (fresh(payment).status, by_stripe.gateway) == ("cancelled", "stripe")
    again = start(booking)
    assert (fresh(by_stripe).status, sandbox.state["sessions"][0]["status"]) == ("cancelled", "expired")
    sandbox.pay_flutterwave(again.session_id)
    sync(again.pk)
    assert_paid_once(sandbox, booking, again)


@pytest.mark.django_db(transaction=True)
def test_webhooks_over_real_http_confirm_what_is_true_and_nothing_else(web, sandbox):
    booking = hold()
    payment = start(booking)
    lie = {"event": "charge.completed", "data": {"id": 1, "tx_ref": payment.session_id, "status": "successful"}}
    assert sandbox.control("flutterwave/webhook", body=lie)["status"] == 500
    assert sandbox.control("flutterwave/webhook", body=lie, secret="guessed")["status"] == 400
    assert_untouched(booking, payment)
    sandbox.mode(copies=3)
    sandbox.pay_flutterwave(payment.session_id)
    wait_until(lambda: fresh(booking).status == "confirmed", "the confirmation")
    of_flutterwave = [one for one in sandbox.state["deliveries"] if one["event"].startswith("flw_")]
    assert len(of_flutterwave) == 3
    wait_until(
        lambda: {one["state"] for one in sandbox.state["deliveries"]} == {"delivered"},
        "all three to be answered with 200",
    )
    assert_paid_once(sandbox, booking, payment)


@pytest.mark.django_db(transaction=True)
class TestTime:
    """With real commits, because a hold's end is moved by the owner."""

    def test_an_ended_hold_expires(self, sandbox, booking, payment):
        age_hold(booking)
        assert expire_ended_holds() == {"expired": 1, "kept": 0, "failed": 0}
        assert (fresh(booking).status, fresh(payment).status) == ("expired", "cancelled")

    def test_the_sweeper_asks_first_and_keeps_what_was_paid(self, sandbox, booking, payment):
        sandbox.pay_flutterwave(payment.session_id)
        age_hold(booking)
        assert expire_ended_holds() == {"expired": 0, "kept": 1, "failed": 0}
        assert_paid_once(sandbox, booking, payment)

    def test_money_after_the_seats_were_sold_again_goes_back(self, sandbox, booking, payment):
        age_hold(booking)
        hold("1B", trip=booking.trip)
        sandbox.pay_flutterwave(payment.session_id)
        tell_all(sandbox)
        assert Refund.objects.get().reason == "late"
        send_refunds()
        assert_gateway_agrees(sandbox)


# -------------------------------------------------------------------------------------------------- when it is not well
def test_a_gateway_that_is_down_while_a_webhook_comes_is_asked_again_later(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    sandbox.fault("error", gateway="flutterwave", status=503, times=1)
    assert send(body).status_code == 500
    assert_untouched(booking, payment)
    assert send(body).status_code == 200
    assert_paid_once(sandbox, booking, payment)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"kind": "error", "status": 500}, GatewayUnavailable),
        ({"kind": "error", "status": 503}, GatewayUnavailable),
        ({"kind": "rate_limit", "retry_after": 7}, GatewayUnavailable),
        ({"kind": "error", "status": 400}, GatewayError),
        ({"kind": "error", "status": 401}, GatewayError),
        ({"kind": "error", "status": 418}, GatewayUnavailable),
        ({"kind": "drop", "times": 0}, GatewayUnavailable),
    ],
)
def test_a_read_that_fails_says_whether_to_ask_again(sandbox, booking, payment, fault, raised):
    sandbox.fault(gateway="flutterwave", **fault)
    with pytest.raises(GatewayError if raised is GatewayError else GatewayUnavailable) as failed:
        sync(payment.pk)
    assert type(failed.value) is raised
    assert failed.value.members == ({"retry_after": 7} if fault["kind"] == "rate_limit" else {})
    sandbox.clear_faults()
    assert_untouched(booking, payment)


def test_a_connection_that_breaks_during_a_read_is_made_again(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id)
    sandbox.fault("drop", gateway="flutterwave", times=2)
    assert sync(payment.pk).status == "succeeded"


def test_a_start_that_is_refused_says_nothing_of_why(sandbox, booking, settings):
    settings.FLUTTERWAVE_SECRET_KEY = "FLWSECK_TEST-wrong"
    with pytest.raises(GatewayError) as refused:
        start(booking)
    assert "authorization" not in refused.value.detail
    assert GatewayCall.objects.get().outcome == "GatewayError"


def test_the_page_is_not_open_longer_than_the_hold_can_last(settings):
    assert settings.HOLD_MAX < PAGE_LIFE <= timedelta(minutes=1440)
