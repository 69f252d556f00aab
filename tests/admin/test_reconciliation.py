"""Staff compare with the gateways, mend with one click, explain the rest, and see what payouts are the sum of."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from bookings.models import TripStatus
from payments.actions.match_payouts import match_all
from payments.models import BalanceTransaction, Finding, Payout, PayoutStatus, ReconciliationRun
from tests.admin.scene import fresh, make_finding, make_line, make_payout, messages_of, page, pay, start, text_of
from tests.payments.reconciling import command, everything, paid_unheard
from tests.payments.scene import buy
from tests.world import hold_seats, make_trip

committed = pytest.mark.django_db(transaction=True)
ACTIONS = {
    "compare": lambda _row: address("payments_reconciliationrun_compare"),
    "mend": lambda _row: address("payments_reconciliationrun_mend"),
    "repair": lambda row: address("payments_finding_repair", row.pk),
    "explain": lambda row: address(f"payments_{row._meta.model_name}_explain", row.pk),
}


def address(name: str, *args: Any) -> str:
    with override("en"):
        return reverse(f"admin:{name}", args=args)


def do(client: Client, action: str, row: Any = None, **typed: str) -> Any:
    """Press the button, fill the dialog in, and send it."""
    return client.post(ACTIONS[action](row), {"_form_submitted": "on", **typed})


def after(client: Client, response: Any) -> list[str]:
    """What the page says that one is led to."""
    assert response.status_code == 200, response.content
    return messages_of(client.get(response["HX-Redirect"]))


# -------------------------------------------------------------------------------------------------------- comparisons
@committed
def test_a_dry_run_by_hand_shows_what_it_found(root, superuser, sandbox):
    payment = paid_unheard(sandbox)
    before = {name: rows for name, rows in everything().items() if not name.startswith(("django_", "accounts_"))}
    response = do(root, "compare")
    (run,) = ReconciliationRun.objects.all()
    assert response["HX-Redirect"] == page(run, "change")
    assert after(root, response) == ["Compared: 1. Differences: 1. Mended: 0."]
    text = text_of(root, page(run, "change"))
    for words in ("dry run", "paid there and not here", payment.booking.reference, "would be mended"):
        assert words in text, words
    assert not fresh(payment).is_paid
    now = everything()
    assert {name: now[name] for name in before} == before
    assert LogEntry.objects.get().user == superuser


@committed
def test_comparing_and_mending_by_hand(root, sandbox):
    payment = paid_unheard(sandbox)
    assert after(root, do(root, "mend")) == ["Compared: 1. Differences: 1. Mended: 1."]
    assert fresh(payment).is_paid
    assert fresh(payment.booking).status == "confirmed"


@committed
def test_the_dialog_alone_compares_nothing(root, sandbox):
    paid_unheard(sandbox)
    content = root.get(page(ReconciliationRun)).content.decode()
    for action in ("compare", "mend"):
        assert ACTIONS[action](None) in content
        assert root.get(ACTIONS[action](None)).status_code == 200
    assert not ReconciliationRun.objects.exists()


def test_the_page_of_a_run_leads_to_all_its_findings(root, monkeypatch):
    monkeypatch.setattr("payments.admin.reconciliation._SHOWN", 2)
    finding = make_finding()
    for number in range(2):
        Finding.objects.create(run=finding.run, subject=f"charge ch_{number}", finding="unknown_money", outcome="fixed")
    content = root.get(page(finding.run, "change")).content.decode()
    assert "All 3 findings" in content
    listed = root.get(page(Finding), {"run__id__exact": finding.run.pk}).context["cl"].result_list
    assert len(listed) == 3
    make_finding()
    assert len(root.get(page(Finding), {"run__id__exact": finding.run.pk}).context["cl"].result_list) == 3


# ------------------------------------------------------------------------------------------------------------ findings
@committed
def test_one_click_mends_the_payment_of_a_finding_and_no_other(root, superuser, sandbox):
    trip = make_trip()
    wanted, other = (paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B"))
    command("--dry-run")
    finding = Finding.objects.get(payment=wanted)
    assert ACTIONS["repair"](finding) in root.get(page(finding, "change")).content.decode()
    told = after(root, do(root, "repair", finding))
    assert told == [f"payment {wanted.pk}: Differences: 1. Mended: 1."]
    assert (fresh(wanted).is_paid, fresh(other).is_paid) == (True, False)
    assert fresh(finding).settled_by == f"user:{superuser.pk}"
    assert ACTIONS["repair"](finding) not in root.get(page(finding, "change")).content.decode()
    (logged,) = LogEntry.objects.all()
    assert (logged.object_id, logged.change_message) == (
        str(finding.pk), "Compared again. Differences: 1. Mended: 1.",
    )  # fmt: skip


@committed
def test_findings_are_mended_from_their_list(root, sandbox):
    trip = make_trip()
    payments = [paid_unheard(sandbox, seat, trip) for seat in ("1A", "1B")]
    command("--dry-run")
    make_finding()  # about no payment: nothing can be compared
    chosen = {"action": "repair_selected", "_selected_action": list(Finding.objects.values_list("pk", flat=True))}
    response = root.post(page(Finding), chosen, follow=True)
    assert len(messages_of(response)) == 2
    assert all(fresh(payment).is_paid for payment in payments)


@committed
def test_a_gateway_that_does_not_answer_is_told(root, sandbox, settings):
    paid_unheard(sandbox)
    command("--dry-run")
    finding = Finding.objects.get()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    (told,) = after(root, do(root, "repair", finding))
    assert told.endswith("The payment service does not answer right now.")
    assert fresh(finding).settled_at is None
    assert not LogEntry.objects.exists()


def test_what_was_told_is_explained_with_a_note(root, superuser):
    finding = make_finding()
    content = root.get(page(finding, "change")).content.decode()
    assert ACTIONS["explain"](finding) in content
    assert ACTIONS["repair"](finding) not in content, "there is no payment to compare"
    assert "required" in do(root, "explain", finding, note="").content.decode()
    assert fresh(finding).settled_at is None
    assert after(root, do(root, "explain", finding, note="Our test account")) == ["It is explained."]
    assert (fresh(finding).note, fresh(finding).settled_by) == ("Our test account", f"user:{superuser.pk}")
    assert "Our test account" in text_of(root, page(finding, "change"))
    assert LogEntry.objects.get().change_message == "Explained: Our test account"
    assert ACTIONS["explain"](finding) not in root.get(page(finding, "change")).content.decode()
    (again,) = after(root, do(root, "explain", finding, note="Something else"))
    assert again == "Only what nobody has explained, and no comparison can mend."
    assert fresh(finding).note == "Our test account"


def test_what_could_be_mended_is_not_explained_away(root):
    finding = make_finding(pay(hold_seats(make_trip(), "1A")), outcome="would_fix")
    content = root.get(page(finding, "change")).content.decode()
    assert ACTIONS["repair"](finding) in content
    assert ACTIONS["explain"](finding) not in content
    do(root, "explain", finding, note="never mind")
    assert fresh(finding).settled_at is None


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"state": "unsettled"}, {"reported", "failed"}),
        ({"state": "explained"}, {"explained"}),
        ({"state": "settled"}, {"outdated"}),
        ({"finding": "unknown_money"}, {"fixed"}),
        ({"outcome": "failed"}, {"failed"}),
        ({"q": "pi_fixed"}, {"fixed"}),
    ],
)
def test_findings_are_filtered(root, chosen, expected):
    at = make_finding().run.started_at
    Finding.objects.all().delete()
    for name, fields in {
        "reported": {},
        "failed": {"outcome": "failed"},
        "fixed": {"outcome": "fixed", "finding": "unknown_money"},
        "explained": {"settled_at": at, "note": "I know"},
        "outdated": {"settled_at": at},
    }.items():
        finding = make_finding(**fields)
        Finding.objects.filter(pk=finding.pk).update(gateway_id=f"pi_{name}")
    found = root.get(page(Finding), chosen).context["cl"].result_list
    assert {one.gateway_id.removeprefix("pi_") for one in found} == expected


def test_the_menu_counts_what_waits(root):
    def badges() -> dict[str, Any]:
        groups = root.get("/en/admin/").context["sidebar_navigation"]
        return {str(item["title"]): item.get("badge") for group in groups for item in group["items"]}

    assert not badges()["Findings"]
    assert not badges()["Lines of balances"]
    make_finding()
    make_line("txn_1")
    make_line("txn_2", explanation="known")
    make_line("txn_3", outcome="matched")
    assert (badges()["Findings"], badges()["Lines of balances"]) == (1, 1)


# -------------------------------------------------------------------------------------------------- payouts and lines
@committed
def test_a_payout_shows_its_lines_their_sum_and_the_books(root, sandbox):
    from payments.actions.match_payouts import match_all

    _booking, payment = buy(sandbox, "1A")
    sandbox.book("lunar_tithe", -100, "sar")
    payout = sandbox.pay_out("sar")
    sandbox.settle_payout(payout["id"], success=True)
    match_all()
    known = Payout.objects.get()
    text = text_of(root, page(known, "change"))
    for words in ("not matched yet", "lunar_tithe", "to be explained", str(payment.pk), f"stripe:{payout['id']}:paid"):
        assert words in text, words
    assert text.index("lunar_tithe") < text.index(str(payment.pk)), "what is to be explained stands on top"
    assert "Missing" not in text
    BalanceTransaction.objects.filter(type="charge").update(payout=None)
    assert "Missing SAR" in text_of(root, page(known, "change"))


def test_in_arabic_a_payout_arrives_as_payouts_do_and_a_trip_as_trips_do():
    with override("ar"):
        assert (PayoutStatus.PAID.label, TripStatus.ARRIVED.label) == ("وصل", "وصلت")


def test_a_line_is_explained_and_its_payout_matches(root, superuser):
    payout = make_payout()
    line = make_line(payout=payout)
    text = text_of(root, page(line, "change"))
    for words in ("lunar_tithe", "SAR 42.50", "SAR 0.50", "SAR 42.00", "to be explained", "po_1"):
        assert words in text, words
    assert ACTIONS["explain"](line) in root.get(page(line, "change")).content.decode()
    assert after(root, do(root, "explain", line, note="A gift of the moon")) == ["It is explained."]
    assert fresh(line).explanation == "A gift of the moon"
    assert fresh(payout).matched_at is not None
    assert LogEntry.objects.get().user == superuser
    for text in (text_of(root, page(line, "change")), text_of(root, page(BalanceTransaction))):
        assert "A gift of the moon" in text
    assert "matched" in text_of(root, page(payout, "change"))


def test_a_line_that_the_ledger_knows_needs_no_explanation(root):
    line = make_line(outcome="matched", payment=pay(hold_seats(make_trip(), "1A")))
    content = root.get(page(line, "change")).content.decode()
    assert ACTIONS["explain"](line) not in content
    assert page(line.payment, "change") in content
    (told,) = after(root, do(root, "explain", line, note="x"))
    assert told == "The ledger knows what this line is."


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"outcome": "suspense"}, ["txn_1"]),
        ({"outcome": "explained"}, ["txn_2"]),
        ({"outcome": "matched"}, ["txn_3"]),
        ({"q": "ch_9"}, ["txn_3"]),
    ],
)
def test_lines_are_filtered(root, chosen, expected):
    make_line("txn_1")
    make_line("txn_2", explanation="known")
    make_line("txn_3", outcome="matched", source_id="ch_9")
    assert [
        line.transaction_id for line in root.get(page(BalanceTransaction), chosen).context["cl"].result_list
    ] == expected


@pytest.mark.parametrize(("chosen", "expected"), [("matched", ["po_2"]), ("leftover", ["po_1"])])
def test_payouts_are_filtered(root, chosen, expected):
    payout = make_payout("po_1")
    make_payout("po_2", matched_at=payout.made_at)
    assert [one.payout_id for one in root.get(page(Payout), {"lines": chosen}).context["cl"].result_list] == expected


# -------------------------------------------------------------------------------------------------------- who may do it
@pytest.mark.parametrize("role", ["staff", "auditor", "traveller"])
def test_who_may_not_reconcile_changes_nothing(as_role, role, monkeypatch):
    asked: list[str] = []
    for name in ("reconciliation.reconcile", "finding.repair"):
        monkeypatch.setattr(f"payments.admin.{name}", lambda *_args: asked.append("asked"))
    browser = as_role(role)
    payment = start(hold_seats(make_trip(), "1A"))
    finding, line = make_finding(payment), make_line()
    refused = 302 if role == "traveller" else 403
    for action, row in (
        ("compare", None),
        ("mend", None),
        ("repair", finding),
        ("explain", finding),
        ("explain", line),
    ):
        assert do(browser, action, row, note="x").status_code == refused, action
    chosen = {"action": "repair_selected", "_selected_action": [finding.pk]}
    browser.post(page(Finding), chosen, follow=True)
    assert asked == []
    assert fresh(finding).settled_at is None
    assert fresh(line).explanation == ""
    assert not LogEntry.objects.exists()


def test_finance_reconcile(as_role):
    finding = make_finding()
    assert do(as_role("finance"), "explain", finding, note="ours").status_code == 200
    assert fresh(finding).note == "ours"


@committed
def test_a_lines_page_has_its_way_into_the_currency_that_is_settled_in(root, sandbox):
    sandbox.mode(settlement_currency="usd", exchange_rate=0.25)
    _booking, payment = buy(sandbox, "1A")
    match_all()
    line = BalanceTransaction.objects.get()
    text = text_of(root, page(line, "change"))
    for currency in ("SAR", "USD"):
        assert f"stripe:{line.transaction_id}:conversion:{currency}" in text
    assert payment.money.format("en") in text
