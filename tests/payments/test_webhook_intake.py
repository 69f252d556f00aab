"""Intake of Stripe's webhooks: nothing unsigned is stored, nothing stored is lost."""

import json
import time

import pytest
from django.test import Client
from structlog.testing import capture_logs

from bookings.models import Booking
from core import jobs
from ledger.models import JournalEntry
from payments.actions.start import start_payment
from payments.effects import paying
from payments.models import GatewayEvent, Payment
from tests.database import as_owner
from tests.payments.gateway import send, send_all, signed
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(sandbox) -> Payment:
    return start_payment(hold_seats(make_trip()).pk).payment


@pytest.fixture
def paid_event(sandbox, payment) -> dict:
    sandbox.pay(payment.session_id)
    return next(event for event in sandbox.state["events"] if event["type"] == "payment_intent.succeeded")


def header_of(body: str, kind: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "missing": {"X-Nothing": "1"},
        "empty": {"Stripe-Signature": ""},
        "of another secret": {"Stripe-Signature": signed(body, secret="whsec_other")},
        "of another body": {"Stripe-Signature": signed(body + " ")},
        "301 seconds old": {"Stripe-Signature": signed(body, at=now - 301)},
        "90 seconds ahead": {"Stripe-Signature": signed(body, at=now + 90)},
        "an hour ahead": {"Stripe-Signature": signed(body, at=now + 3600)},
        "only v0": {"Stripe-Signature": signed(body).replace("v1=", "v0=")},
        "without time": {"Stripe-Signature": signed(body).partition(",")[2]},
        "nonsense": {"Stripe-Signature": "t=abc,v1="},
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "missing",
        "empty",
        "of another secret",
        "of another body",
        "301 seconds old",
        "90 seconds ahead",
        "an hour ahead",
        "only v0",
        "without time",
        "nonsense",
    ],
)
def test_a_signature_that_is_not_good_is_refused_and_nothing_stored(paid_event, kind):
    body = json.dumps(paid_event)
    answer = send(body, **header_of(body, kind))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "validation_error"
    assert not GatewayEvent.objects.exists()
    assert not JournalEntry.objects.exists()
    assert Booking.objects.get().status == "pending_payment"


@pytest.mark.parametrize("age", [0, 290, -50])
def test_a_signature_within_its_time_is_accepted(paid_event, age):
    body = json.dumps(paid_event)
    answer = send(body, **{"Stripe-Signature": signed(body, at=int(time.time()) - age)})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert Booking.objects.get().status == "confirmed"


def test_every_secret_is_valid_while_it_is_rotated(paid_event, settings):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    body = json.dumps(paid_event)
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        assert send(body, **{"Stripe-Signature": signed(body, secret=secret)}).status_code == 200


@pytest.mark.parametrize("body", ["no json", "[]", "null", "{}", '{"object": "event"}', "\u0000", '{"id": 1}'])
def test_a_signed_body_that_is_no_event_is_refused(sandbox, body):
    assert send(body).status_code == 400
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": {}},
        {"id": "e" * 256},
        {"id": "evt\u0000"},
        {"id": "\ud800"},
        {"type": None},
        {"type": "t" * 81},
        {"api_version": "v" * 41},
        {"data": None},
        {"data": {"object": []}},
        {"data": {}},
    ],
)
def test_an_event_of_odd_parts_is_refused(sandbox, paid_event, change):
    assert send(paid_event | change).status_code == 400
    assert not GatewayEvent.objects.exists()


def test_an_event_nested_too_deeply_is_refused(sandbox):
    assert send('{"a":' * 100_000 + "1" + "}" * 100_000).status_code == 400


def test_a_body_that_is_no_text_is_refused(sandbox):
    answer = Client().post(
        "/webhooks/stripe", b"\xff\xfe", content_type="application/json", headers={"Stripe-Signature": "t=1,v1=x"}
    )
    assert answer.status_code == 400


def test_a_thin_event_says_what_to_configure(sandbox):
    answer = send({"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error_report_triggered"})
    assert answer.status_code == 400
    assert "snapshot" in answer.json()["detail"]


def test_only_post_is_offered(sandbox):
    assert Client().get("/webhooks/stripe").status_code == 405


def test_an_event_again_is_deduplicated_for_good(paid_event):
    assert send(paid_event).json() == {"received": True}
    assert send(paid_event).json() == {"received": True, "deduplicated": True}
    assert GatewayEvent.objects.count() == 1
    assert JournalEntry.objects.count() == 1


def test_the_stored_body_is_the_one_that_came(paid_event):
    body = json.dumps(paid_event, indent=3)
    send(body)
    event = GatewayEvent.objects.get()
    assert event.body == body
    assert event.api_version == "2026-10-28.endive"


def test_an_event_of_somebody_elses_payment_is_stored_and_left(paid_event):
    paid_event["data"]["object"]["metadata"] = {}
    paid_event["data"]["object"]["id"] = "pi_of_another"
    assert send(paid_event).status_code == 200
    assert GatewayEvent.objects.get().processed_at
    assert Booking.objects.get().status == "pending_payment"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("sk_test_1", {"livemode": True}),
        ("sk_live_1", {"livemode": False}),
        ("rk_live_1", {"livemode": False}),
        ("sk_test_1", {"account": "acct_other"}),
    ],
)
def test_an_event_of_another_mode_or_account_is_stored_and_left(paid_event, settings, key, change):
    settings.STRIPE_SECRET_KEY = key
    with capture_logs() as logs:
        assert send(paid_event | change).json() == {"received": True}
    assert "event_not_ours" in [line["event"] for line in logs if line["log_level"] == "warning"]
    event = GatewayEvent.objects.get()
    assert event.processed_at
    assert (event.payment, event.last_error) == (None, "")
    assert Booking.objects.get().status == "pending_payment"
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_an_event_of_the_live_mode_belongs_to_a_live_key(paid_event, settings, key):
    settings.STRIPE_SECRET_KEY = key
    assert send(paid_event | {"livemode": True, "account": None}).status_code == 200
    assert Booking.objects.get().status == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_kept_with_the_event_and_the_job_processes_it_later(paid_event, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the ledger is on fire")

    with monkeypatch.context() as broken_time:
        broken_time.setattr(paying.postings, "charge", broken)
        answer = send(paid_event)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        event = GatewayEvent.objects.get()
        assert (event.processed_at, event.retry_count) == (None, 1)
        assert "on fire" in event.last_error
        assert Booking.objects.get().status == "pending_payment"
        assert not JournalEntry.objects.exists()
        assert send(paid_event).status_code == 500
        assert GatewayEvent.objects.get().retry_count == 2

    assert jobs.run("retry_webhooks") == {"processed": 0, "failed": 0, "skipped": 0}  # not yet due
    with as_owner() as cursor:
        cursor.execute("UPDATE payments_gatewayevent SET next_attempt_at = now()")
    assert jobs.run("retry_webhooks") == {"processed": 1, "failed": 0, "skipped": 0}
    event = GatewayEvent.objects.get()
    assert event.processed_at
    assert event.last_error == ""
    assert Booking.objects.get().status == "confirmed"
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_is_tried_five_times_and_then_left_to_staff(paid_event, monkeypatch):
    monkeypatch.setattr(paying.postings, "charge", None)
    send(paid_event)
    for _ in range(6):
        with as_owner() as cursor:
            cursor.execute("UPDATE payments_gatewayevent SET next_attempt_at = now()")
        jobs.run("retry_webhooks")
    event = GatewayEvent.objects.get()
    assert (event.retry_count, event.processed_at) == (5, None)


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_process_died_before_processing_is_picked_up(sandbox, payment, paid_event, monkeypatch):
    monkeypatch.setattr("payments.actions.receive.process", lambda _event: False)
    send(paid_event)
    monkeypatch.undo()
    with as_owner() as cursor:
        cursor.execute("UPDATE payments_gatewayevent SET next_attempt_at = now()")
    assert jobs.run("retry_webhooks")["processed"] == 1
    assert Booking.objects.get().status == "confirmed"


def test_confirming_by_webhook_takes_few_statements(sandbox, paid_event, django_assert_max_num_queries):
    with django_assert_max_num_queries(16 + 2):  # and the test's own SAVEPOINT and RELEASE
        assert send(paid_event).status_code == 200


def test_confirming_many_seats_on_many_legs_takes_as_many(sandbox, django_assert_max_num_queries):
    trip = make_trip("A", "B", "C", "D")
    payment = start_payment(hold_seats(trip, "1A", "1B", "1C", "1D").pk).payment
    sandbox.pay(payment.session_id)
    with django_assert_max_num_queries(16 + 2):
        assert [answer.status_code for answer in send_all(sandbox, "payment_intent.succeeded")] == [200]
    assert Booking.objects.get().status == "confirmed"
