"""What comes as a webhook from Flutterwave, be it a lie, noise or a replay: nobody is believed."""

import json

import httpx
import pytest
from django.test import Client

from ledger.models import JournalEntry
from payments.models import GatewayEvent
from tests.payments.flutterwave import (
    assert_paid_once,
    assert_untouched,
    buy,
    hold,
    send,
    start,
    tell_all,
    webhooks,
)
from tests.payments.scene import books, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(sandbox):
    return hold()


@pytest.fixture
def payment(booking):
    return start(booking)


LIES = {
    "another amount": {"amount": 1},
    "another currency": {"currency": "USD"},
    "another reference": {"tx_ref": "00000000-0000-4000-8000-000000000000"},
    "no reference": {"tx_ref": None},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_webhook_that_differs_from_the_truth_changes_nothing(sandbox, booking, payment, lie):
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    answer = send(body | {"data": body["data"] | lie})
    assert answer.status_code == 200
    assert_untouched(booking, payment)
    assert GatewayEvent.objects.get().processed_at is not None
    send(body)
    assert_paid_once(sandbox, booking, payment)


def test_a_webhook_that_calls_a_declined_try_successful_changes_nothing(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id, "declined")
    (body,) = webhooks(sandbox)
    send(body | {"data": body["data"] | {"status": "successful"}})
    assert fresh(booking).status == "pending_payment"
    assert not fresh(payment).is_paid
    assert not JournalEntry.objects.exists()


def test_a_cheap_payment_does_not_pay_for_a_dear_one(sandbox, booking, payment):
    cheap, paid = buy(sandbox, "2A", trip=booking.trip)
    before = books("NGN")
    (body,) = webhooks(sandbox)
    for lie in ({"tx_ref": str(payment.pk)}, {"tx_ref": str(payment.pk), "amount": payment.amount / 100}):
        assert send(body | {"data": body["data"] | lie}).status_code == 200
    assert (fresh(booking).status, fresh(payment).status) == ("pending_payment", "pending")
    assert (fresh(cheap).status, fresh(paid).status) == ("confirmed", "succeeded")
    assert books("NGN") == before


def test_a_webhook_replayed_for_ever_in_other_clothes_changes_nothing_more(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    for spaces in (None, 1, 2, 3):
        assert send(json.dumps(body, indent=spaces)).status_code == 200
    assert GatewayEvent.objects.count() == 4
    assert_paid_once(sandbox, booking, payment)


def test_a_webhook_about_nothing_that_is_known_is_kept_and_tried_again(sandbox, booking, payment):
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    answer = send(body | {"data": body["data"] | {"id": 1}})
    assert answer.status_code == 500
    event = GatewayEvent.objects.get()
    assert (event.retry_count, event.processed_at) == (1, None)
    assert_untouched(booking, payment)


def test_money_that_is_not_of_our_making_is_left_alone(sandbox, booking, payment, settings):
    link = {"tx_ref": "elsewhere-1", "amount": 5, "redirect_url": "https://x.test/", "customer": {"email": "a@x.test"}}
    headers = {"Authorization": f"Bearer {settings.FLUTTERWAVE_SECRET_KEY}"}
    httpx.post(f"{sandbox.flutterwave_base}/v3/payments", json=link, headers=headers).raise_for_status()
    sandbox.pay_flutterwave("elsewhere-1")
    tell_all(sandbox)
    assert_untouched(booking, payment)


@pytest.mark.parametrize("secret", [None, "", "guessed", "ümläut"])
def test_a_wrong_or_missing_secret_is_refused_and_nothing_is_stored(sandbox, booking, payment, secret):
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    headers = {"X-Nothing": "1"} if secret is None else {"verif-hash": secret}
    answer = send(body, **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert not GatewayEvent.objects.exists()
    assert_untouched(booking, payment)


def test_every_secret_that_is_configured_opens(sandbox, booking, payment, settings):
    settings.FLUTTERWAVE_WEBHOOK_SECRETS = ["the new one", "the old one"]
    sandbox.pay_flutterwave(payment.session_id)
    (body,) = webhooks(sandbox)
    assert send(body, **{"verif-hash": "the old one"}).status_code == 200
    assert_paid_once(sandbox, booking, payment)


@pytest.mark.parametrize(
    "body",
    ["", "no JSON", "[]", "null", "{}", '{"event": 5}', '{"event": ""}', '{"event": "naïra"}', "[" * 100_000],
)
def test_a_body_that_is_no_event_is_refused(sandbox, body):
    assert send(body).status_code == 400
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"event": "transfer.completed", "data": {"id": 1}},
        {"event": "charge.completed"},
        {"event": "charge.completed", "data": None},
        {"event": "charge.completed", "data": []},
        {"event": "charge.completed", "data": {"id": "abc"}},
        '{"event": "charge.completed", "data": {"id": Infinity}}',
        '{"event": "charge.completed", "data": {"id": 1E+999999999}}',
        {"event": "charge.completed", "data": {"id": True}},
        {"AmountRefunded": 5, "id": None},
    ],
)
def test_an_event_that_names_nothing_is_stored_and_left(sandbox, body):
    assert send(body).status_code == 200
    assert GatewayEvent.objects.get().processed_at is not None
    assert sandbox.state["requests"] == []


def test_only_post(sandbox):
    assert Client().get("/webhooks/flutterwave").status_code == 405
