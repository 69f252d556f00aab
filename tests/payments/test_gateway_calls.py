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
        ({"customer": "cus_1", "customer_account": None}, {"customer": "cus_1", "customer_account": None}),
        ({"shipping": None, "amount_shipping": 5}, {"shipping": None, "amount_shipping": 5}),
        ({"product_data": {"name": "Riyadh – Jeddah"}}, {"product_data": {"name": "Riyadh – Jeddah"}}),
        ({"url": "https://pay.example/c/cs_1?key=abc#x"}, {"url": "https://pay.example/c/cs_1"}),
        ({"lines": [{"amount": 100, "live": False}, None]}, {"lines": [{"amount": 100, "live": False}, None]}),
    ],
)  # fmt: skip
def test_what_is_kept_has_no_secrets(value, kept):
    assert redacted(value) == kept


PERSONAL = ("Layla", "layla@example.com", "+966500000000", "Palm Street", "10.1.2.3", "3000123", "553188")
PERSON = {"name": "Layla Haddad", "email": "layla@example.com", "phone": "+966500000000"}
ADDRESS = {"line1": "Palm Street 1", "city": "Riyadh", "postal_code": "3000123"}
SESSION = {
    "id": "cs_1",
    "amount_total": 10_500,
    "status": "complete",
    "customer": None,
    "customer_details": {**PERSON, "address": ADDRESS, "individual_name": "Layla", "tax_ids": [{"value": "3000123"}]},
    "customer_email": "layla@example.com",
    "collected_information": {"shipping_details": {"name": "Layla", "address": ADDRESS}, "individual_name": "Layla"},
    "custom_fields": [{"key": "passport", "text": {"value": "3000123"}}],
}
CHARGE = {
    "id": "ch_1",
    "amount": 10_500,
    "status": "succeeded",
    "billing_details": {**PERSON, "address": ADDRESS},
    "payment_method_details": {"card": {"fingerprint": "3000123"}},
    "receipt_email": "layla@example.com",
    "shipping": {**PERSON, "address": ADDRESS},
    "source": {"id": "src_1", "owner": {**PERSON, "address": ADDRESS, "verified_name": "Layla"}},
}
TRANSACTION = {
    "id": 288200108,
    "amount": 105,
    "status": "successful",
    "ip": "10.1.2.3",
    "device_fingerprint": "3000123",
    "narration": "Layla Haddad",
    "card": {"first_6digits": "553188", "last_4digits": "2950"},
    "customer": {"id": 216519823, **PERSON, "phone_number": "+966500000000", "phonenumber": "+966500000000"},
    "customer_name": "Layla Haddad",
    "meta": {"originatorname": "LAYLA HADDAD", "originatoraccountnumber": "3000123", "booking_reference": "ABCDEFGH"},
}


@pytest.mark.parametrize("answer", [SESSION, CHARGE, TRANSACTION], ids=["session", "charge", "transaction"])
def test_what_is_kept_of_an_answer_names_nobody(answer):
    kept = redacted({"data": [answer]})["data"][0]
    for word in PERSONAL:
        assert word.lower() not in json.dumps(kept, ensure_ascii=False).lower()
    for told in {"id", "amount", "amount_total", "status"} & set(answer):
        assert kept[told] == answer[told]


def test_of_a_customer_the_id_is_kept():
    kept = redacted(TRANSACTION)
    assert kept["customer"] == {"id": 216519823}
    assert kept["meta"]["booking_reference"] == "ABCDEFGH"


def test_who_pays_is_not_kept_with_the_call_that_opens_a_page(sandbox):
    booking = hold_seats(make_trip("LOS", "ABV", currency="NGN"), "1A")
    booking.contact_phone = "+966500000000"
    booking.save()
    payment = start_payment(booking.pk, "flutterwave").payment
    assert payment.parameters["customer"]["phonenumber"] == "+966500000000"
    call = GatewayCall.objects.get()
    assert call.request["tx_ref"] == str(payment.pk)
    assert "+966500000000" not in json.dumps(call.request)


def test_nothing_of_the_sandboxs_answers_names_who_paid(sandbox, payment):
    sandbox.pay(payment.session_id)
    (session,) = sandbox.state["sessions"]
    (charge,) = sandbox.state["charges"]
    told = redacted([session, charge])
    assert "layla@example.com" in json.dumps([session, charge])
    assert "layla@example.com" not in json.dumps(told)
    assert (told[0]["payment_status"], told[1]["amount"]) == ("paid", charge["amount"])
    assert told[0]["metadata"] == session["metadata"]


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
