"""What the API refuses, in Stripe's words: https://docs.stripe.com/error-codes"""

import time

import pytest
import stripe

from tests.sandbox.conftest import SECRET_KEY, session_params


def line(**changes):
    price = {"currency": "sar", "unit_amount": 100, "product_data": {"name": "Seat"}, **changes.pop("price", {})}
    price = {name: value for name, value in price.items() if value is not None}
    return [{"price_data": price, "quantity": 1, **changes}]


def without_quantity():
    return [{name: value for name, value in line()[0].items() if name != "quantity"}]


REFUSED = [
    pytest.param({"colour": "red"}, "parameter_unknown", "colour", "Received unknown parameter: colour", id="unknown"),
    pytest.param(
        {"line_items": line(price={"colour": "red"})},
        "parameter_unknown",
        "line_items[0][price_data][colour]",
        "Received unknown parameter: line_items[0][price_data][colour]",
        id="unknown inside",
    ),
    pytest.param({"mode": None}, "parameter_missing", "mode", "Missing required param: mode.", id="no mode"),
    pytest.param({"success_url": None}, "parameter_missing", "success_url", "Missing required param", id="no URL"),
    pytest.param({"line_items": None}, "parameter_missing", "line_items", "Missing required param", id="no items"),
    pytest.param(
        {"line_items": line(price={"currency": None})},
        "parameter_missing",
        "line_items[0][price_data][currency]",
        "Missing required param: line_items[0][price_data][currency].",
        id="no currency",
    ),
    pytest.param(
        {"line_items": line(price={"unit_amount": None})},
        "parameter_missing",
        "line_items[0][price_data][unit_amount]",
        "Missing required param",
        id="no amount",
    ),
    pytest.param(
        {"line_items": without_quantity()},
        "parameter_missing",
        "line_items[0][quantity]",
        "Quantity is required. Add `quantity` to `line_items[0]`",
        id="no quantity",
    ),
    pytest.param(
        {"line_items": line(price={"unit_amount": "12.50"})},
        "parameter_invalid_integer",
        "line_items[0][price_data][unit_amount]",
        "Invalid integer: 12.50",
        id="no integer",
    ),
    pytest.param(
        {"line_items": line(price={"unit_amount": -1})},
        "parameter_invalid_integer",
        "line_items[0][price_data][unit_amount]",
        "This value must be greater than or equal to 0.",
        id="negative",
    ),
    pytest.param(
        {"line_items": line(quantity=0)},
        "parameter_invalid_integer",
        "line_items[0][quantity]",
        "This value must be greater than or equal to 1.",
        id="none of it",
    ),
    pytest.param(
        {"line_items": line(price={"unit_amount": 0})},
        "amount_too_small",
        "line_items",
        "total amount due cannot be zero",
        id="nothing to pay",
    ),
    pytest.param(
        {"line_items": line(price={"unit_amount": 99_999_999}, quantity=2)},
        "amount_too_large",
        "line_items",
        "must be no more than SAR 999,999.99",
        id="too much to pay",
    ),
    pytest.param(
        {"line_items": line(price={"currency": "kwd", "unit_amount": 1_005})},
        "parameter_invalid_integer",
        "line_items[0][price_data][unit_amount]",
        "multiple of 10",
        id="three decimals, last digit not 0",
    ),
    pytest.param(
        {"line_items": line(price={"currency": "ugx", "unit_amount": 1_050})},
        "parameter_invalid_integer",
        "line_items[0][price_data][unit_amount]",
        "multiple of 100",
        id="not divisible",
    ),
    pytest.param(
        {"line_items": line(price={"currency": "xyz"})},
        None,
        "line_items[0][price_data][currency]",
        "Invalid currency: xyz. Stripe currently supports these currencies: usd, aed,",
        id="unknown currency",
    ),
    pytest.param(
        {"line_items": [*line(), *line(price={"currency": "usd"})]},
        None,
        "line_items",
        "the same currency, but you passed in sar, usd",
        id="two currencies",
    ),
    pytest.param(
        {"line_items": line(price={"product_data": {"name": ""}})},
        "parameter_invalid_empty",
        "line_items[0][price_data][product_data][name]",
        "You passed an empty string for",
        id="empty name",
    ),
    pytest.param(
        {"line_items": [{"price": "price_1", "quantity": 1}]},
        "resource_missing",
        "line_items[0][price]",
        "No such price: 'price_1'",
        id="unknown price",
    ),
    pytest.param({"line_items": "all of them"}, None, "line_items", "Invalid array", id="no array"),
    pytest.param({"metadata": "much"}, None, "metadata", "Invalid object", id="no object"),
    pytest.param({"mode": "gift"}, None, "mode", "must be one of payment, setup, or subscription", id="no such mode"),
    pytest.param({"locale": "xx"}, None, "locale", "Invalid locale: must be one of auto,", id="no such locale"),
    pytest.param({"locale": "ar"}, None, "locale", "Invalid locale: must be one of auto,", id="no Arabic"),
    pytest.param(
        {"customer_email": "noor"}, "email_invalid", "customer_email", "Invalid email address: noor", id="mail"
    ),
    pytest.param({"success_url": "/ok"}, "url_invalid", "success_url", "An explicit scheme", id="relative URL"),
    pytest.param({"success_url": "ftp://x.test"}, "url_invalid", "success_url", "Not a valid URL", id="other scheme"),
    pytest.param({"cancel_url": "javascript:alert(1)"}, "url_invalid", "cancel_url", "Not a valid URL", id="script"),
    pytest.param(
        {"payment_method_types": ["card"]},
        "payment_method_types_no_longer_supported",
        "payment_method_types",
        "no longer supported",
        id="payment_method_types",
    ),
    pytest.param(
        {"allowed_payment_method_types": ["card"], "excluded_payment_method_types": ["card"]},
        None,
        None,
        "No valid payment method types",
        id="no way to pay",
    ),
    pytest.param({"client_reference_id": "x" * 201}, None, "client_reference_id", "at most 200 char", id="long id"),
    pytest.param({"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata", "up to 50 keys", id="51 keys"),
    pytest.param({"metadata": {"k" * 41: "v"}}, None, "metadata", "up to 40 characters", id="long key"),
    pytest.param({"metadata": {"k": "v" * 501}}, None, "metadata[k]", "that is 501 characters", id="long value"),
    pytest.param(
        {"payment_intent_data": {"metadata": {"k": "v" * 501}}},
        None,
        "payment_intent_data[metadata][k]",
        "that is 501 characters",
        id="long value for the intent",
    ),
    pytest.param({"mode": "subscription"}, None, "mode", "does not implement", id="subscriptions"),
    pytest.param({"customer": "cus_1"}, None, "customer", "does not implement", id="customers"),
    pytest.param({"expand": ["colour"]}, None, None, "This property cannot be expanded (colour).", id="expand"),
]


@pytest.mark.parametrize(("changes", "code", "param", "message"), REFUSED)
def test_a_bad_session_is_refused(sandbox, changes, code, param, message):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.session(**changes)
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert message in error.user_message
    assert sandbox.state()["sessions"] == []


@pytest.mark.parametrize(("seconds", "what"), [(29 * 60, "at least 30 minutes"), (25 * 3600, "less than 24 hours")])
def test_a_session_lives_from_30_minutes_to_a_day(sandbox, seconds, what):
    with pytest.raises(stripe.InvalidRequestError, match=what) as refused:
        sandbox.session(expires_at=int(time.time()) + seconds)
    assert (refused.value.http_status, refused.value.param) == (400, "expires_at")


@pytest.mark.parametrize("seconds", [30 * 60 + 5, 24 * 3600])
def test_the_bounds_of_a_session_s_life(sandbox, seconds):
    expires_at = int(time.time()) + seconds
    assert sandbox.session(expires_at=expires_at).expires_at == expires_at


@pytest.mark.parametrize(
    ("currency", "amount"), [("sar", 1), ("jpy", 1), ("kwd", 1_010), ("isk", 500), ("usd", 99_999_999)]
)
def test_amounts_that_a_currency_has(sandbox, currency, amount):
    session = sandbox.session(amount, currency)
    assert (session.amount_total, session.currency) == (amount, currency)


def test_metadata_at_its_limits(sandbox):
    metadata = {f"{n:040}": "v" * 500 for n in range(50)}
    assert sandbox.session(metadata=metadata).metadata.to_dict() == metadata


def test_several_unknown_parameters_are_named_together(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameters: colour, size"):
        sandbox.session(colour="red", size="xl")


def test_an_error_is_exactly_stripe_s_object(sandbox):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.session(colour="red")
    body = refused.value.json_body
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "code", "message", "param", "doc_url", "request_log_url"}
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["doc_url"] == "https://stripe.com/docs/error-codes/parameter-unknown"
    assert refused.value.request_id in body["error"]["request_log_url"]


@pytest.mark.parametrize(
    ("retrieve", "message", "param"),
    [
        (lambda v1: v1.checkout.sessions.retrieve("cs_1"), "No such checkout.session: 'cs_1'", "session"),
        (lambda v1: v1.checkout.sessions.expire("cs_1"), "No such checkout.session: 'cs_1'", "session"),
        (lambda v1: v1.checkout.sessions.line_items.list("cs_1"), "No such checkout.session: 'cs_1'", "session"),
        (lambda v1: v1.payment_intents.retrieve("pi_1"), "No such payment_intent: 'pi_1'", "intent"),
        (lambda v1: v1.charges.retrieve("ch_1"), "No such charge: 'ch_1'", "id"),
        (lambda v1: v1.balance_transactions.retrieve("txn_1"), "No such balance transaction: 'txn_1'", "id"),
        (lambda v1: v1.events.retrieve("evt_1"), "No such event: 'evt_1'", "id"),
    ],
)
def test_what_does_not_exist_is_missing(sandbox, retrieve, message, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        retrieve(sandbox.client.v1)
    error = refused.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", param)
    assert error.user_message == message


def test_an_id_of_another_kind_is_missing_too(sandbox):
    session = sandbox.pay()
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        sandbox.client.v1.charges.retrieve(session.payment_intent)


@pytest.mark.parametrize("key", ["sk_test_another_key_altogether", "sk"])
def test_another_key_opens_nothing(sandbox, key):
    client = sandbox.client_with(api_key=key)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
        client.v1.checkout.sessions.create(params=session_params())
    assert refused.value.http_status == 401
    assert key not in str(refused.value)
    assert sandbox.state()["sessions"] == []


def test_no_key_opens_nothing(sandbox):
    answer = sandbox.http.get("/v1/balance")
    assert answer.status_code == 401
    assert "You did not provide an API key." in answer.json()["error"]["message"]


def test_the_key_as_a_user_name_is_accepted(sandbox):
    assert sandbox.http.get("/v1/balance", auth=(SECRET_KEY, "")).status_code == 200


def bearer(**headers):
    return {"authorization": f"Bearer {SECRET_KEY}", **headers}


def test_an_unknown_path_is_said_to_be_unknown(sandbox):
    answer = sandbox.http.get("/v1/coupons", headers=bearer())
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/coupons).")
    assert sandbox.http.delete("/v1/checkout/sessions", headers=bearer()).status_code == 404


def test_another_api_version_is_refused(sandbox):
    answer = sandbox.http.get("/v1/balance", headers=bearer(**{"stripe-version": "2020-08-27"}))
    assert answer.status_code == 400
    assert "2026-10-28.endive" in answer.json()["error"]["message"]


def test_json_is_not_what_the_api_reads(sandbox):
    answer = sandbox.http.post("/v1/checkout/sessions", headers=bearer(), json={"mode": "payment"})
    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", ["mode=%FF", "a[b=1", "a=1&a[b]=2", "a[b]=1&a=2", "=1"])
def test_a_form_that_cannot_be_read_is_refused(sandbox, body):
    headers = bearer(**{"content-type": "application/x-www-form-urlencoded"})
    answer = sandbox.http.post("/v1/checkout/sessions", headers=headers, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_arrays_may_come_without_indices(sandbox):
    session = sandbox.pay()
    url = f"/v1/checkout/sessions/{session.id}?expand[]=payment_intent&expand[]=line_items"
    answer = sandbox.http.get(url, headers=bearer()).json()
    assert answer["payment_intent"]["object"] == "payment_intent"
    assert answer["line_items"]["object"] == "list"
