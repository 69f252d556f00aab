"""The pay page and the control page, as a browser without JavaScript sees them."""

import re
import threading
import time

import pytest


def page(sandbox, session, **headers):
    answer = sandbox.http.get(f"/pay/{session.id}", headers=headers)
    assert answer.status_code == 200
    assert "<script" not in answer.text
    return answer.text


def press(sandbox, session, action, **fields):
    return sandbox.http.post(f"/pay/{session.id}", data={"action": action, **fields})


def buttons(html):
    return re.findall(r'name="action" value="(\w+)"', html)


def heading(html):
    return re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1]


def alert(html):
    found = re.search(r'role="alert">(.*?)</', html)
    return found and found[1]


def test_the_page_shows_what_is_sold_and_what_it_costs(sandbox):
    price = {"currency": "sar", "unit_amount": 125_000, "product_data": {"name": "Seat <12A>", "description": "RUH"}}
    session = sandbox.session(
        line_items=[{"price_data": price, "quantity": 2}], customer_email="noor@example.com", expires_at=None
    )
    html = page(sandbox, session)
    assert "SANDBOX — no real money moves" in html
    assert "Seat &lt;12A&gt;" in html
    assert "<small><bdi>RUH</bdi></small>" in html
    assert "Quantity <bdi>2</bdi>, <bdi>SAR 1,250.00</bdi> each" in html
    assert "SAR 2,500.00" in html
    assert "noor@example.com" in html
    assert 'type="email"' not in html
    assert time.strftime("%Y", time.gmtime(session.expires_at)) in html
    assert buttons(html) == ["pay", "three_d_secure", "bank_transfer", "decline", "leave"]


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("jpy", 1_250, "JPY 1,250"), ("kwd", 1_250, "KWD 1.250"), ("ngn", 5, "NGN 0.05"), ("isk", 1_200, "ISK 12.00")],
)
def test_amounts_are_written_as_the_currency_is(sandbox, currency, amount, shown):
    assert f">{shown}<" in page(sandbox, sandbox.session(amount, currency))


def test_paying_leads_back_to_the_merchant(sandbox):
    session = sandbox.session()
    answer = press(sandbox, session, "pay", email="noor@example.com")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"https://merchant.test/ok?session={session.id}"
    paid = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.payment_status, paid.customer_details.email) == ("paid", "noor@example.com")


def test_the_customer_comes_back_after_the_merchant_has_heard_of_it(sandbox, receiver):
    answered = []

    def answer(hook):
        if hook.type == "checkout.session.completed":
            time.sleep(0.3)
            answered.append(hook)
        return 200

    receiver.answer = answer
    press(sandbox, sandbox.session(), "pay")
    assert len(answered) == 1


def test_the_customer_does_not_wait_for_events_that_are_held(sandbox, receiver):
    sandbox.control("mode", delivery="hold")
    began = time.monotonic()
    assert press(sandbox, sandbox.session(), "pay").status_code == 303
    assert time.monotonic() - began < 5
    assert receiver.hooks == []


def test_a_declined_card_leads_back_to_the_page_which_says_so(sandbox):
    session = sandbox.session()
    assert alert(page(sandbox, session)) is None
    answer = press(sandbox, session, "decline")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/pay/{session.id}")
    html = page(sandbox, session)
    assert alert(html) == "Your card was declined. Try again, or pay in another way."
    assert "pay" in buttons(html)
    press(sandbox, session, "pay")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_3d_secure_asks_on_a_page_of_its_own(sandbox):
    session = sandbox.session()
    answer = press(sandbox, session, "three_d_secure")
    assert answer.headers["location"] == f"/pay/{session.id}/authenticate"
    challenge = sandbox.http.get(answer.headers["location"])
    assert buttons(challenge.text) == ["three_d_secure_ok", "three_d_secure_fail"]
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert press(sandbox, session, "three_d_secure_ok").headers["location"].startswith("https://merchant.test/ok")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_3d_secure_that_fails_leads_back_to_the_page(sandbox):
    session = sandbox.session()
    press(sandbox, session, "three_d_secure")
    assert press(sandbox, session, "three_d_secure_fail").headers["location"] == f"/pay/{session.id}"
    assert "could not confirm" in alert(page(sandbox, session))


@pytest.mark.parametrize("action", ["three_d_secure_ok", "three_d_secure_fail"])
def test_nobody_is_authenticated_without_a_challenge(sandbox, action):
    session = sandbox.session()
    assert press(sandbox, session, action).headers["location"] == f"/pay/{session.id}"
    assert sandbox.state()["charges"] == []
    assert sandbox.http.get(f"/pay/{session.id}/authenticate").status_code == 303


def test_a_bank_transfer_leads_back_unpaid(sandbox):
    session = sandbox.session()
    assert press(sandbox, session, "bank_transfer").headers["location"].startswith("https://merchant.test/ok")
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    assert heading(page(sandbox, session)) == "Your transfer is on its way"


@pytest.mark.parametrize(
    "wish", [{"allowed_payment_method_types": ["card"]}, {"excluded_payment_method_types": ["customer_balance"]}]
)
def test_a_session_for_cards_only_offers_no_bank_transfer(sandbox, wish):
    session = sandbox.session(**wish)
    assert session.payment_method_types == ["card"]
    assert "bank_transfer" not in buttons(page(sandbox, session))
    assert press(sandbox, session, "bank_transfer").status_code == 400
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_leaving_changes_nothing(sandbox, receiver):
    session = sandbox.session()
    assert press(sandbox, session, "leave").headers["location"] == "https://merchant.test/cancelled"
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert sandbox.state()["events"] == []


def test_without_a_cancel_url_there_is_no_way_back(sandbox):
    session = sandbox.session(cancel_url=None)
    assert "leave" not in buttons(page(sandbox, session))
    assert press(sandbox, session, "leave").status_code == 400


def test_a_page_that_is_over_says_so_and_offers_no_payment(sandbox):
    paid, expired = sandbox.pay(), sandbox.session()
    sandbox.client.v1.checkout.sessions.expire(expired.id)
    for session, title in ((paid, "Payment complete"), (expired, "This page has expired")):
        html = page(sandbox, session)
        assert heading(html) == title
        assert buttons(html) == []
        # The page may still be open in another tab.
        assert press(sandbox, session, "pay").headers["location"] == f"/pay/{session.id}"
    assert len(sandbox.state()["charges"]) == 1


def test_two_tabs_that_pay_at_once_pay_once(sandbox):
    session = sandbox.session()
    tabs = [threading.Thread(target=press, args=(sandbox, session, "pay")) for _ in range(5)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(sandbox.state()["charges"]) == 1


def test_an_unknown_page_and_an_unknown_button(sandbox):
    assert sandbox.http.get("/pay/cs_1").status_code == 404
    assert sandbox.http.post("/pay/cs_1", data={"action": "pay"}).status_code == 404
    assert press(sandbox, sandbox.session(), "steal").status_code == 400


def test_arabic_runs_from_right_to_left(sandbox):
    html = page(sandbox, sandbox.session(locale="auto"), **{"accept-language": "ar"})
    assert '<html lang="ar" dir="rtl">' in html
    assert "لا تُنقل أي أموال حقيقية" in html
    assert re.search(r"ادفع <bdi>SAR 125.00</bdi>", html)


@pytest.mark.parametrize(
    ("locale", "browser", "language"),
    [(None, "ar-SA,ar;q=0.9", "ar"), ("auto", "ar", "ar"), ("en", "ar", "en"), ("auto", "de", "en"), (None, "", "en")],
)
def test_the_browser_chooses_the_language_unless_the_session_does(sandbox, locale, browser, language):
    html = page(sandbox, sandbox.session(locale=locale), **{"accept-language": browser})
    assert f'<html lang="{language}"' in html


def test_both_languages_say_the_same_things(sandbox):
    session = sandbox.session(locale="auto")
    english, arabic = (page(sandbox, session, **{"accept-language": language}) for language in ("en", "ar"))
    assert buttons(english) == buttons(arabic)


@pytest.mark.parametrize(("submit_type", "label"), [("book", "Book for"), ("donate", "Donate"), ("auto", "Pay")])
def test_the_button_is_named_after_the_submit_type(sandbox, submit_type, label):
    html = page(sandbox, sandbox.session(submit_type=submit_type))
    assert f'value="pay">{label} <bdi>SAR 125.00</bdi>' in html


PLAIN_MODE = {"copies": "1", "delay_seconds": "0", "charge_updated_delay_seconds": "0"}


def control_page(sandbox, **form):
    answer = sandbox.http.post("/", data=form, follow_redirects=True) if form else sandbox.http.get("/")
    return answer.text


def test_the_control_page_shows_what_happened(sandbox, receiver):
    assert control_page(sandbox).count("None yet.") == 4
    session = sandbox.pay(client_reference_id="K7QXW3PM")
    receiver.wait_for("charge.updated")
    html = control_page(sandbox)
    for shown in (session.id, session.payment_intent, "K7QXW3PM", "SAR 125.00", "checkout.session.completed"):
        assert shown in html
    [request, _] = sandbox.state()["requests"]
    assert f'<tr id="{request["id"]}">' in html


def test_the_control_page_s_buttons(sandbox, receiver):
    sandbox.control("mode", charge_updated_delay_seconds=3600)
    settled, failed = sandbox.pay("bank_transfer"), sandbox.pay("bank_transfer")
    control_page(sandbox, action="arrive", subject=settled.id)
    control_page(sandbox, action="bounce", subject=failed.id)
    states = {one["id"]: one["payment_status"] for one in sandbox.state()["sessions"]}
    assert states == {settled.id: "paid", failed.id: "unpaid"}
    [charge] = [one for one in sandbox.state()["charges"] if one["status"] == "succeeded"]
    control_page(sandbox, action="book", subject=charge["id"])
    event = receiver.wait_for("charge.updated").event
    control_page(sandbox, action="deliver", subject=event["id"])
    assert receiver.types.count("charge.updated") == 2


def test_the_control_page_s_buttons_for_money_that_goes_back(sandbox):
    session = sandbox.pay()

    def now(kind):
        return sandbox.state()[kind][-1]

    charge = now("charges")["id"]
    assert "Refund what is left" in control_page(sandbox)
    control_page(sandbox, action="mode", refund_outcome="pending", **PLAIN_MODE)
    control_page(sandbox, action="refund", subject=charge)
    html = control_page(sandbox)
    assert "Refund of SAR 125.00" in html
    assert "Refund what is left" not in html
    assert now("refunds")["status"] == "pending"
    control_page(sandbox, action="refund_arrives", subject=now("refunds")["id"])
    assert now("refunds")["status"] == "succeeded"
    control_page(sandbox, action="refund_fails", subject=now("refunds")["id"])
    assert now("refunds")["status"] == "failed"
    for end in ("lost", "won"):
        control_page(sandbox, action="dispute", subject=charge)
        assert "Dispute over SAR 125.00" in control_page(sandbox)
        control_page(sandbox, action=f"dispute_{end}", subject=now("disputes")["id"])
        assert now("disputes")["status"] == end
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_the_control_page_sets_the_mode(sandbox, receiver):
    form = PLAIN_MODE | {"delivery": "hold", "order": "shuffled", "copies": "2"}
    form |= {"charge_updated_delay_seconds": "0.5", "settle_after_seconds": ""}
    control_page(sandbox, action="mode", **form)
    mode = sandbox.state()["mode"]
    assert (mode["delivery"], mode["copies"], mode["settle_after_seconds"]) == ("hold", 2, None)
    sandbox.client.v1.checkout.sessions.expire(sandbox.session().id)
    assert "Release held (2)" in control_page(sandbox)
    control_page(sandbox, action="release")
    assert receiver.types == ["checkout.session.expired"] * 2
    control_page(sandbox, action="reset")
    assert sandbox.state()["sessions"] == []


@pytest.mark.parametrize(
    "form",
    [
        {"action": "explode"},
        {"action": "arrive", "subject": "cs_1"},
        {"action": "refund", "subject": "ch_1"},
        {"action": "mode", "copies": "many"},
    ],
)
def test_a_button_that_cannot_work_says_why(sandbox, form):
    answer = sandbox.http.post("/", data=form)
    assert answer.status_code == 400
    assert alert(answer.text)
