"""Flutterwave's API: links, transactions, refunds and balances, and how it refuses."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.conftest import wait_until
from tests.sandbox.flutterwave import Flutterwave, link_fields


def test_without_its_secret_key_nobody_is_let_in(flutterwave):
    assert flutterwave.refusal("GET", "balances", 401, headers={"Authorization": ""}) == "Authorization required"
    stranger = Flutterwave(flutterwave.sandbox, key="FLWSECK_TEST-y")
    assert stranger.refusal("POST", "payments", 401, json=link_fields()) == "Invalid authorization key"
    assert flutterwave.state()["links"] == []


def test_what_it_does_not_know_is_no_address(flutterwave):
    assert flutterwave.refusal("GET", "transfers", 404) == "Cannot GET /v3/transfers"
    assert flutterwave.refusal("DELETE", "payments", 404) == "Cannot DELETE /v3/payments"


def test_a_link_is_no_transaction(flutterwave):
    answer = flutterwave.call("POST", "payments", json=link_fields(amount="120.50", currency=None))
    assert (answer["message"], set(answer)) == ("Hosted Link", {"status", "message", "data"})
    [link] = flutterwave.state()["links"]
    assert (link["tx_ref"], link["amount"], link["currency"]) == ("berth-1", 120.5, "NGN")
    assert answer["data"]["link"].endswith(link["id"])
    told = flutterwave.call("GET", "transactions/verify_by_reference", 400, params={"tx_ref": "berth-1"})
    assert told == {"status": "error", "message": "No transaction was found for this id", "data": None}


def test_the_same_reference_makes_another_link_to_it(flutterwave):
    assert flutterwave.link() != flutterwave.link()
    assert [one["tx_ref"] for one in flutterwave.state()["links"]] == ["berth-1"] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tx_ref": None}, "tx_ref is required"),
        ({"tx_ref": ""}, "tx_ref is required"),
        ({"amount": None}, "amount is required"),
        ({"customer": None}, "customer is required"),
        ({"redirect_url": None}, "redirect_url is required"),
        ({"customer": {"name": "Ada"}}, "customer.email is required"),
        ({"customer": {"email": "ada"}}, "customer.email must be a valid email"),
        ({"customer": "ada@example.com"}, "customer must be an object"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url must be a valid url"),
        ({"amount": 0}, "amount 0 is not a valid amount in NGN"),
        ({"amount": -5}, "amount -5 is not a valid amount in NGN"),
        ({"amount": 12.505}, "amount 12.505 is not a valid amount in NGN"),
        ({"amount": "many"}, "amount must be a number"),
        ({"amount": "NaN"}, "amount must be a number"),
        ({"amount": 12.5, "currency": "XOF"}, "amount 12.5 is not a valid amount in XOF"),
        ({"currency": "SAR"}, "currency SAR is not supported"),
        ({"currency": "ngn"}, "currency ngn is not supported"),
        ({"session_duration": 1441}, "session_duration must be a whole number from 1 to 1440"),
        ({"session_duration": 0.5}, "session_duration must be a whole number from 1 to 1440"),
        ({"payment_options": "ussd"}, "payment_options names no method that this sandbox has: card, banktransfer"),
        ({"payment_plan": 3}, "Flutterwave knows payment_plan, but this sandbox does not implement it."),
        ({"reference": "x"}, "reference is not a field of this call"),
    ],
)
def test_a_link_that_cannot_be_is_refused_in_words(flutterwave, change, said):
    assert flutterwave.refusal("POST", "payments", json=link_fields(**change)) == said
    assert flutterwave.state()["links"] == []


@pytest.mark.parametrize("body", ["tx_ref=berth-1", "[]", "{", "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(flutterwave, body):
    assert "request body" in flutterwave.refusal("POST", "payments", content=body)


def test_a_try_that_succeeded_as_both_ways_to_verify_show_it(flutterwave):
    customer = {"email": "ada@example.com", "name": "Ada", "phonenumber": "0801"}
    paid = flutterwave.pay(amount=100, customer=customer, meta={"booking": "K7QXW3PM"})
    verified = flutterwave.verify(paid)
    assert verified == paid == flutterwave.get("transactions/verify_by_reference", tx_ref="berth-1")
    assert {
        name: verified[name]
        for name in ("tx_ref", "status", "amount", "charged_amount", "currency", "app_fee", "amount_settled")
    } == {
        "tx_ref": "berth-1",
        "status": "successful",
        "amount": 100,
        "charged_amount": 100,
        "currency": "NGN",
        "app_fee": 1.4,
        "amount_settled": 98.6,
    }
    assert (verified["payment_type"], verified["meta"]) == ("card", {"booking": "K7QXW3PM"})
    assert (verified["customer"]["name"], verified["customer"]["phone_number"]) == ("Ada", "0801")


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [("USD", 19.99, 0.28), ("XOF", 1_999, 28), ("GHS", 0.01, 0), ("NGN", 12_345.67, 172.84)],
)
def test_amounts_are_exact_in_every_currency(flutterwave, currency, amount, fee):
    paid = flutterwave.pay(currency=currency, amount=amount)
    assert (paid["amount"], paid["app_fee"]) == (amount, fee)
    assert flutterwave.get("balances") == [
        {
            "currency": currency,
            "available_balance": pytest.approx(amount - fee),
            "ledger_balance": paid["amount_settled"],
        }
    ]


def test_one_link_is_tried_again_and_paid_twice(flutterwave):
    declined = flutterwave.pay(method="declined")
    first, second = flutterwave.again(), flutterwave.again()
    assert [flutterwave.verify(one)["status"] for one in (declined, first, second)] == ["failed", *["successful"] * 2]
    assert len({declined["id"], first["id"], second["id"]}) == 3
    assert flutterwave.get("transactions/verify_by_reference", tx_ref="berth-1")["id"] == second["id"]
    flutterwave.again(method="declined")
    assert flutterwave.get("transactions/verify_by_reference", tx_ref="berth-1")["status"] == "failed"


def test_a_bank_transfer_is_pending_until_it_is_settled(flutterwave):
    waiting = flutterwave.pay(method="bank_transfer")
    assert (waiting["status"], waiting["payment_type"], waiting["amount_settled"]) == ("pending", "bank_transfer", 0)
    assert flutterwave.get("balances") == []
    flutterwave.control("settle", transaction=waiting["id"], success=True)
    settled = flutterwave.verify(waiting)
    assert (settled["id"], settled["status"], settled["amount_settled"]) == (waiting["id"], "successful", 12_325)
    flutterwave.control("settle", transaction=waiting["id"], success=False, expected=409)
    lost = flutterwave.again(method="bank_transfer")
    flutterwave.control("settle", transaction=lost["id"], success=False)
    assert flutterwave.verify(lost)["status"] == "failed"


def test_a_bank_transfer_arrives_by_itself_if_the_mode_says_so(flutterwave):
    flutterwave.sandbox.control("mode", settle_after_seconds=0.2)
    waiting = flutterwave.pay(method="bank_transfer")
    wait_until(lambda: flutterwave.verify(waiting)["status"] == "successful", "the transfer")


def test_a_customer_may_transfer_another_amount(flutterwave):
    assert flutterwave.pay(method="bank_transfer", paid="12000.50")["amount"] == 12_000.5


def test_transactions_are_listed_newest_first_in_pages(flutterwave):
    flutterwave.link()
    ids = [str(flutterwave.again(method="declined" if number % 2 else "card")["id"]) for number in range(12)]
    other = flutterwave.pay("berth-2", currency="USD")
    answer = flutterwave.call("GET", "transactions", params={"tx_ref": "berth-1"})
    assert answer["meta"] == {"page_info": {"total": 12, "current_page": 1, "total_pages": 2}}
    pages = answer["data"] + flutterwave.get("transactions", tx_ref="berth-1", page=2)
    assert [one["id"] for one in pages] == ids[::-1]
    assert {one["status"] for one in flutterwave.get("transactions", status="failed")} == {"failed"}
    assert [one["tx_ref"] for one in flutterwave.get("transactions", currency="USD")] == ["berth-2"]
    assert len(flutterwave.get("transactions")) == 10
    assert other["id"] == int(flutterwave.get("transactions")[0]["id"])


def test_transactions_are_listed_by_day(flutterwave):
    flutterwave.pay()
    today = datetime.now(UTC).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    assert len(flutterwave.get("transactions", **{"from": today, "to": today})) == 1
    assert len(flutterwave.get("transactions", **{"from": yesterday, "to": tomorrow})) == 1
    assert flutterwave.get("transactions", **{"from": tomorrow}) == []
    assert flutterwave.get("transactions", to=yesterday) == []
    assert "must be a date" in flutterwave.refusal("GET", "transactions", params={"from": "yesterday"})
    assert "must be one of" in flutterwave.refusal("GET", "transactions", params={"status": "paid"})
    assert "not a field" in flutterwave.refusal("GET", "transactions", params={"txref": "berth-1"})


def test_a_refund_is_accepted_first_and_paid_then(flutterwave):
    paid = flutterwave.pay(amount=100)
    accepted = flutterwave.call("POST", f"transactions/{paid['id']}/refund", json={"amount": 30.25, "comments": "r-1"})
    assert accepted["message"] == "Transaction refund initiated"
    refund = accepted["data"]
    assert (refund["status"], refund["amount_refunded"], refund["tx_id"]) == ("completed", 30.25, paid["id"])
    assert refund["meta"] == {"source": "availablebalance"}
    later = flutterwave.get(f"refunds/{refund['id']}")
    assert (later["status"], later["comments"]) == ("completed-mpgs", "r-1")
    assert later["meta"] == '{"source": "availablebalance"}'
    assert flutterwave.verify(paid)["status"] == "successful"
    assert flutterwave.get("balances")[0]["available_balance"] == 68.35


def test_every_call_makes_another_refund_until_nothing_is_left(flutterwave):
    paid = flutterwave.pay(amount=100)
    made = [flutterwave.refund(paid, amount=40, comments="the same") for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    told = flutterwave.call("POST", f"transactions/{paid['id']}/refund", 400, json={"amount": 40})
    assert told["message"] == "Some error occured"
    assert told["data"] == "Error: Refund amount is greater than what is left of the transaction"
    assert "greater than what is left" in flutterwave.refusal("POST", f"transactions/{paid['id']}/refund", json={})
    flutterwave.refund(paid, amount=20)
    assert [one["amount_refunded"] for one in flutterwave.get("refunds", id=paid["id"])] == [20, 40, 40]


def test_a_refund_without_an_amount_is_of_everything(flutterwave):
    paid = flutterwave.pay(amount=99.99)
    assert flutterwave.refund(paid)["amount_refunded"] == 99.99


@pytest.mark.parametrize("method", ["declined", "bank_transfer"])
def test_only_what_was_paid_is_refunded(flutterwave, method):
    unpaid = flutterwave.pay(method=method)
    said = flutterwave.refusal("POST", f"transactions/{unpaid['id']}/refund", json={})
    assert said == "Error: Cannot refund a transaction that is not successful"
    said = flutterwave.refusal("POST", "transactions/1/refund", json={})
    assert said == "Error: Cannot refund non-existent/unauthorized transaction"
    assert flutterwave.state()["refunds"] == []


def test_a_refund_that_is_left_pending_is_settled_by_hand(flutterwave):
    flutterwave.sandbox.control("mode", flutterwave_refund_outcome="pending")
    paid = flutterwave.pay(method="bank_transfer")
    flutterwave.control("settle", transaction=paid["id"], success=True)
    refund = flutterwave.refund(paid)
    assert flutterwave.get(f"refunds/{refund['id']}")["status"] == "completed"
    flutterwave.control(f"refunds/{refund['id']}/settle", success=True)
    assert flutterwave.get(f"refunds/{refund['id']}")["status"] == "completed-bank-transfer"
    flutterwave.control(f"refunds/{refund['id']}/settle", success=False, expected=409)
    flutterwave.control("refunds/1/settle", success=True, expected=404)


def test_a_refund_that_fails_says_so_in_its_meta_and_its_money_is_back(flutterwave):
    flutterwave.sandbox.control("mode", flutterwave_refund_outcome="failing")
    paid = flutterwave.pay(amount=100)
    refund = flutterwave.refund(paid)
    failed = flutterwave.get(f"refunds/{refund['id']}")
    assert failed["status"] == "completed"
    assert failed["meta"] == '{"source": "availablebalance", "disburse_status": "failed"}'
    assert flutterwave.get("balances")[0]["available_balance"] == 98.6
    flutterwave.sandbox.control("mode", flutterwave_refund_outcome="completed")
    assert flutterwave.refund(paid)["amount_refunded"] == 100


def test_refunds_are_found_by_their_transaction_and_the_other_filters(flutterwave):
    first, second = flutterwave.pay("berth-1"), flutterwave.pay("berth-2", currency="USD")
    refunds = [flutterwave.refund(one, amount=1) for one in (first, second)]
    assert [one["id"] for one in flutterwave.get("refunds")] == [one["id"] for one in refunds[::-1]]
    for filters in ({"id": second["id"]}, {"flw_ref": second["flw_ref"]}, {"currency": "USD"}):
        assert [one["id"] for one in flutterwave.get("refunds", **filters)] == [refunds[1]["id"]]
    assert flutterwave.get("refunds", id=refunds[0]["id"]) == []
    assert flutterwave.get("refunds", status="completed-momo") == []
    flutterwave.refusal("GET", "refunds/1", 404)


def test_a_refund_is_made_in_the_dashboard(flutterwave):
    paid = flutterwave.pay(amount=100)
    flutterwave.control("refund", transaction=paid["id"], amount=25, comments="by hand")
    rest = flutterwave.control("refund", transaction=paid["id"])
    assert rest["amount_refunded"] == 75
    assert [one["comments"] for one in flutterwave.get("refunds", id=paid["id"])] == ["", "by hand"]
    assert "greater than" in flutterwave.control("refund", transaction=paid["id"], amount=1, expected=400)["error"]
    flutterwave.control("refund", transaction=1, expected=404)


def test_both_gateways_requests_are_written_down(flutterwave):
    flutterwave.pay()
    flutterwave.sandbox.session()
    mine, stripes = flutterwave.sandbox.state()["requests"]
    assert (mine["method"], mine["path"], mine["status"]) == ("POST", "/flutterwave/v3/payments", 200)
    assert (mine["params"]["tx_ref"], mine["params"]["amount"]) == ("berth-1", 12_500)
    assert stripes["path"] == "/v1/checkout/sessions"


def test_answers_may_be_slow_after_the_effect(flutterwave):
    flutterwave.sandbox.control("mode", answer_delay_seconds=0.3)
    began = datetime.now(UTC)
    flutterwave.link()
    assert datetime.now(UTC) - began > timedelta(seconds=0.3)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pay", {"tx_ref": "none", "method": "card"}, 404),
        ("pay", {"tx_ref": "berth-1", "method": "cash"}, 400),
        ("pay", {"tx_ref": "berth-1", "method": "card", "amount": "0.001"}, 400),
        ("settle", {"transaction": 1, "success": True}, 404),
        ("settle", {"transaction": 1}, 400),
        ("expires_at", {"tx_ref": "berth-1", "in_seconds": "soon"}, 400),
        ("endpoint", {"url": "file:///etc/passwd"}, 400),
        ("webhook", {}, 400),
    ],
)
def test_control_that_makes_no_sense_is_refused(flutterwave, path, body, status):
    flutterwave.link()
    assert flutterwave.control(path, expected=status, **body)["error"]
    assert flutterwave.state()["transactions"] == []


def test_a_reset_forgets_everything(flutterwave):
    flutterwave.refund(flutterwave.pay())
    flutterwave.sandbox.control("mode", flutterwave_refund_outcome="failing")
    flutterwave.sandbox.control("reset")
    state = flutterwave.state()
    assert [state[name] for name in ("links", "transactions", "refunds", "events")] == [[]] * 4
    assert state["endpoint"] == {"url": "http://127.0.0.1:9/nobody"}
    assert flutterwave.sandbox.state()["mode"]["flutterwave_refund_outcome"] == "completed"
