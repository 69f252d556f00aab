"""Flutterwave's hosted page, as a browser without JavaScript sees it."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.flutterwave import page
from tests.sandbox.test_pages import alert, buttons, heading


def press(sandbox, link, action):
    return sandbox.http.post(link, data={"action": action})


def told(answer):
    """Where the browser is sent, and what its address says."""
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    query = {name: value for name, [value] in parse_qs(parts.query).items()}
    assert (parts.netloc, query.pop("way")) == ("merchant.test", "flw")
    return query


def test_the_page_shows_what_is_paid(flutterwave):
    link = flutterwave.link(
        amount=1_250.5,
        session_duration=61,
        customizations={"title": "Naija <Express>", "description": "LOS – ABV, 2 seats"},
    )
    shown = page(flutterwave.sandbox, link)
    assert shown.status_code == 200
    assert "<script" not in shown.text
    assert "SANDBOX — no real money moves" in shown.text
    assert "Naija &lt;Express&gt;" in heading(shown.text)
    assert "NGN 1,250.50" in shown.text
    assert "LOS – ABV, 2 seats" in shown.text
    assert "ada@example.com" in shown.text
    assert "This page is valid until" in shown.text
    assert buttons(shown.text) == ["pay", "bank_transfer", "decline", "leave"]


@pytest.mark.parametrize(("currency", "amount", "shown"), [("XOF", 1_250, "XOF 1,250"), ("USD", 0.5, "USD 0.50")])
def test_amounts_are_written_as_the_currency_is(flutterwave, currency, amount, shown):
    assert f">{shown}<" in page(flutterwave.sandbox, flutterwave.link(currency=currency, amount=amount)).text


def test_paying_leads_back_with_what_became_of_it(flutterwave):
    answer = press(flutterwave.sandbox, flutterwave.link(), "pay")
    [transaction] = flutterwave.state()["transactions"]
    assert told(answer) == {"status": "successful", "tx_ref": "berth-1", "transaction_id": str(transaction["id"])}
    assert transaction["status"] == "successful"


def test_a_declined_card_leads_back_to_the_page_where_another_try_succeeds(flutterwave):
    link = flutterwave.link()
    assert alert(page(flutterwave.sandbox, link).text) is None
    answer = press(flutterwave.sandbox, link, "decline")
    assert (answer.status_code, answer.headers["location"]) == (303, urlsplit(link).path)
    assert alert(page(flutterwave.sandbox, link).text) == "Your card was declined. Try again, or pay in another way."
    assert told(press(flutterwave.sandbox, link, "pay"))["status"] == "successful"
    assert alert(page(flutterwave.sandbox, link).text) is None
    assert [one["status"] for one in flutterwave.state()["transactions"]] == ["failed", "successful"]


def test_the_last_allowed_try_that_fails_ends_the_link(flutterwave):
    link = flutterwave.link(max_retry_attempt=2)
    press(flutterwave.sandbox, link, "decline")
    answer = press(flutterwave.sandbox, link, "decline")
    last = flutterwave.state()["transactions"][-1]
    assert told(answer) == {"status": "failed", "tx_ref": "berth-1", "transaction_id": str(last["id"])}
    assert buttons(page(flutterwave.sandbox, link).text) == []
    press(flutterwave.sandbox, link, "pay")
    assert len(flutterwave.state()["transactions"]) == 2


def test_a_bank_transfer_leads_back_pending(flutterwave):
    answer = press(flutterwave.sandbox, flutterwave.link(), "bank_transfer")
    [transaction] = flutterwave.state()["transactions"]
    assert told(answer) == {"status": "pending", "tx_ref": "berth-1", "transaction_id": str(transaction["id"])}
    assert transaction["status"] == "pending"


def test_leaving_makes_no_transaction(flutterwave):
    assert told(press(flutterwave.sandbox, flutterwave.link(), "leave")) == {"status": "cancelled", "tx_ref": "berth-1"}
    assert flutterwave.state()["transactions"] == []


def test_a_link_that_was_paid_can_be_paid_again(flutterwave):
    link = flutterwave.link()
    for _ in range(2):
        assert told(press(flutterwave.sandbox, link, "pay"))["status"] == "successful"
    assert len(flutterwave.state()["transactions"]) == 2


def test_a_link_whose_time_has_come_takes_no_money(flutterwave):
    link = flutterwave.link(session_duration=1)
    flutterwave.control("expires_at", tx_ref="berth-1", in_seconds=0)
    shown = page(flutterwave.sandbox, link).text
    assert (heading(shown), buttons(shown)) == ("This page has expired", [])
    assert press(flutterwave.sandbox, link, "pay").headers["location"] == urlsplit(link).path
    flutterwave.control("pay", tx_ref="berth-1", method="card", expected=409)
    assert flutterwave.state()["transactions"] == []


@pytest.mark.parametrize(
    ("options", "shown"),
    [("card", ["pay", "decline", "leave"]), ("banktransfer, ussd", ["bank_transfer", "leave"])],
)
def test_only_the_methods_that_the_merchant_wants_are_offered(flutterwave, options, shown):
    link = flutterwave.link(payment_options=options)
    assert buttons(page(flutterwave.sandbox, link).text) == shown
    missing = ({"pay", "bank_transfer"} - set(shown)).pop()
    assert press(flutterwave.sandbox, link, missing).status_code == 400
    assert flutterwave.state()["transactions"] == []


def test_an_unknown_page_and_an_unknown_button(flutterwave):
    nowhere = "/flutterwave/pay/none"
    assert flutterwave.sandbox.http.get(nowhere).status_code == 404
    assert press(flutterwave.sandbox, nowhere, "pay").status_code == 404
    assert press(flutterwave.sandbox, flutterwave.link(), "steal").status_code == 400


def test_arabic_runs_from_right_to_left_and_says_the_same(flutterwave):
    link = flutterwave.link(session_duration=61)
    english = page(flutterwave.sandbox, link, **{"accept-language": "en"}).text
    arabic = page(flutterwave.sandbox, link, **{"accept-language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "ادفع <bdi>NGN 12,500.00</bdi>" in arabic
    assert buttons(english) == buttons(arabic)


def control_page(sandbox, **form):
    answer = sandbox.http.post("/", data=form, follow_redirects=True) if form else sandbox.http.get("/")
    assert answer.status_code == 200
    return answer.text


def test_the_control_page_shows_flutterwave_once_there_is_something(flutterwave):
    assert ">Flutterwave<" not in control_page(flutterwave.sandbox)
    paid = flutterwave.pay(amount=1_250.5)
    refund = flutterwave.refund(paid, amount=20)
    shown = control_page(flutterwave.sandbox)
    for text in ("berth-1", "NGN 1,250.50", str(paid["id"]), f"refund {refund['id']}, NGN 20.00", "charge.completed"):
        assert text in shown


def test_the_control_page_s_buttons(flutterwave):
    sandbox = flutterwave.sandbox
    sandbox.control("mode", flutterwave_refund_outcome="pending", delivery="drop")
    first, second = flutterwave.pay("berth-1", "bank_transfer"), flutterwave.pay("berth-2", "bank_transfer")
    control_page(sandbox, action="flutterwave_arrive", subject=first["id"])
    control_page(sandbox, action="flutterwave_bounce", subject=second["id"])
    assert [flutterwave.verify(one)["status"] for one in (first, second)] == ["successful", "failed"]
    refunds = [flutterwave.refund(first, amount=amount) for amount in (1, 2)]
    control_page(sandbox, action="flutterwave_refund_paid", subject=refunds[0]["id"])
    control_page(sandbox, action="flutterwave_refund_failed", subject=refunds[1]["id"])
    paid, failed = (flutterwave.get(f"refunds/{one['id']}") for one in refunds)
    assert (paid["status"], "failed" in failed["meta"]) == ("completed-bank-transfer", True)
    [event, *_] = flutterwave.state()["events"]
    control_page(sandbox, action="deliver", subject=event["id"])
    for form in ({"action": "flutterwave_arrive", "subject": first["id"]}, {"action": "flutterwave_dance"}):
        answer = sandbox.http.post("/", data=form)
        assert answer.status_code == 400
        assert alert(answer.text)
