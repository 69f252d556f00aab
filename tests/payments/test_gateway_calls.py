"""What is asked of a gateway is noted before it is sent, its answer after; secrets are not; errors have a verdict."""

import json

import pytest
from django.db import transaction

from payments.actions.abandon import abandon
from payments.actions.start import start_payment
from payments.errors import GatewayUnavailable
from payments.gateways import gateway
from payments.gateways.calls import Change, Operation, redacted
from payments.gateways.stripe.client import Verdict, verdict
from payments.models import GatewayCall, Payment
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment(sandbox) -> Payment:
    return start_payment(hold_seats(make_trip(), "1A").pk).payment


def test_opening_and_ending_a_session_are_kept_with_their_answers(payment, settings):
    abandon(payment.pk)
    started, ended = GatewayCall.objects.order_by("pk")
    assert (started.operation, started.outcome, started.payment) == ("start", "answered", payment)
    assert started.idempotency_key == f"berth-payment-{payment.pk}"
    assert started.answer["id"] == payment.session_id
    assert started.answered_at >= started.sent_at
    assert (ended.operation, ended.answer["status"]) == ("end", "expired")
    kept = json.dumps([started.request, started.answer, ended.answer])
    assert settings.STRIPE_SECRET_KEY not in kept
    assert "layla@example.com" not in kept
    assert payment.checkout_url not in kept or "?" not in payment.checkout_url


def test_a_call_whose_answer_never_came_is_known_all_the_same(payment, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(GatewayUnavailable):
        abandon(payment.pk)
    call = GatewayCall.objects.latest("pk")
    assert (call.operation, call.outcome, call.answer) == ("end", "GatewayUnavailable", None)


def test_a_call_that_was_cut_off_stands_there_without_an_outcome(payment):
    def dying() -> dict:
        raise SystemExit

    with pytest.raises(SystemExit):
        Change("stripe", Operation.END, payment).send(dying)
    call = GatewayCall.objects.latest("pk")
    assert (call.outcome, call.answered_at) == ("", None)


def test_reading_leaves_no_trace(payment):
    before = GatewayCall.objects.count()
    gateway("stripe").report(Payment.objects.get(pk=payment.pk))
    assert GatewayCall.objects.count() == before


def test_a_gateway_is_never_asked_inside_a_transaction(payment):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        Change("stripe", Operation.END, payment).send(dict)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"client_secret": "cs_secret_1", "id": "cs_1"}, {"client_secret": "…", "id": "cs_1"}),
        ({"payment_method_details": {"card": {"last4": "4242"}}}, {"payment_method_details": "…"}),
        ({"customer_email": "layla@example.com"}, {"customer_email": "…"}),
        ({"url": "https://pay.example/c/cs_1?key=abc#x"}, {"url": "https://pay.example/c/cs_1"}),
        ({"lines": [{"amount": 100, "live": False}, None]}, {"lines": [{"amount": 100, "live": False}, None]}),
    ],
)  # fmt: skip
def test_what_is_kept_has_no_secrets(value, kept):
    assert redacted(value) == kept


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (None, None, Verdict.AGAIN),
        (400, "charge_already_refunded", Verdict.REFUSED),
        (400, "balance_insufficient", Verdict.LATER),
        (400, "idempotency_error", Verdict.UNKNOWN),
        (402, "card_declined", Verdict.REFUSED),
        (404, "resource_missing", Verdict.REFUSED),
        (409, "idempotency_key_in_use", Verdict.AGAIN),
        (429, "rate_limit", Verdict.AGAIN),
        (401, None, Verdict.UNKNOWN),
        (403, None, Verdict.UNKNOWN),
        (500, None, Verdict.UNKNOWN),
        (503, "anything", Verdict.UNKNOWN),
        (418, "never_seen", Verdict.UNKNOWN),
    ],
)
def test_an_error_that_is_not_in_the_table_may_have_been_done(status, code, expected):
    assert verdict(status, code) is expected
