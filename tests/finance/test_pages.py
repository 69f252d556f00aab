"""The reports in the staff site: who sees them, what they show, and what they lead to."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from finance.reports.days import today
from finance.reports.registry import REPORTS
from finance.reports.trial_balance import trial_balance
from ledger.models import JournalEntry
from tests.admin.conftest import signed_in
from tests.admin.scene import count_queries, page, text_of, words
from tests.finance.reading import address, part, summed
from tests.ledger.books import CLEARING, UNEARNED, sell

pytestmark = pytest.mark.django_db
STATEMENT = {"account": UNEARNED, "currency": "SAR"}


def staff_with(*rights: str) -> Client:
    user = User.objects.create_user("clerk@example.com", "a long password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


def test_nobody_sees_a_report_without_the_right_to(monkeypatch, as_role):
    """A request that is refused makes no report, and asks no gateway."""
    sell(1_000)
    monkeypatch.setattr("finance.admin.reports.Question", lambda *_: pytest.fail("asked"))
    clerks = [staff_with("view_account", "view_journalentry", "view_posting"), as_role("staff")]
    strangers = [as_role("traveller"), Client()]
    for there in [address(name, form) for name in REPORTS for form in ("", "csv", "xlsx")]:
        for clerk in clerks:
            response = clerk.get(there, STATEMENT)
            assert response.status_code == 403
            assert b"1,000" not in response.content
            assert b"10.00" not in response.content
            assert "Content-Disposition" not in response
        for stranger in strangers:
            response = stranger.get(there, STATEMENT)
            assert response.status_code == 302
            assert "/login/" in response["Location"]


def test_finance_and_auditors_see_every_report(as_role, sales):
    for reader in (as_role("finance"), as_role("auditor")):
        for name, report in REPORTS.items():
            text = text_of(reader, address(name), **STATEMENT)
            assert str(report.title) in text
            assert "SAR" in text


def test_the_menu_has_them_for_those_who_may_see_them(as_role):
    for role, shown in (("finance", True), ("staff", False)):
        content = as_role(role).get("/en/admin/").content.decode()
        assert all((address(name) in content) is shown for name in REPORTS)


def test_the_trial_balance_leads_to_statements_and_these_to_entries_and_bookings(root, sales):
    books = root.get(address("trial_balance")).content.decode()
    link = re.search(r'href="([^"]*account_statement[^"]*unearned[^"]*)"', books)[1].replace("&amp;", "&")
    assert f"end={today()}" in link
    statement = root.get(link)
    assert statement.status_code == 200
    content = statement.content.decode()
    entry = JournalEntry.objects.filter(kind="charge").first()
    assert page(entry, "change") in content
    assert page(sales["kept"], "change") in content
    assert "Opening balance" in words(statement)
    assert f"{entry.posted_at:%Y-%m-%d %H:%M:%S} UTC" in words(statement)


def test_amounts_are_those_of_the_report(root, sales):
    text = text_of(root, address("trial_balance"))
    for row in part(trial_balance()).rows:
        for key in ("debit", "credit"):
            assert f"SAR {row[key] / 100:,.2f}" in text


def test_a_report_without_rows_says_so(root):
    assert "None." in text_of(root, address("trial_balance"), at="2020-01-01")
    assert "None." in text_of(root, address("aging"))


def test_a_statement_waits_for_an_account(root):
    sell(1)
    response = root.get(address("account_statement"))
    assert (response.status_code, response.context["report"]) == (200, None)
    assert "This field is required" not in words(response)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("trial_balance", {"at": "yesterday"}),
        ("trial_balance", {"currency": "XXX"}),
        ("account_statement", {**STATEMENT, "account": "bonk"}),
        ("account_statement", {**STATEMENT, "begin": "2026-02-01", "end": "2026-01-01"}),
        ("profit_summary", {"begin": "1990-01-01"}),
    ],
)
def test_nonsense_is_told_and_reports_nothing(root, name, asked):
    sell(1_000)
    for form in ("", "csv"):
        response = root.get(address(name, form), asked)
        assert response.status_code == 400
        assert response.context["report"] is None
        assert response.context["form"].errors
        assert "10.00" not in response.content.decode()


def test_a_long_statement_has_pages(root, monkeypatch):
    monkeypatch.setattr("finance.admin.reports.ROWS", 2)
    for number in range(1, 6):
        sell(number, name=str(number))
    address_of_page, seen = f"{address('account_statement')}?account={CLEARING}&currency=SAR", []
    for number in (1, 2, 3):
        response = root.get(address_of_page)
        (table,) = response.context["tables"]
        seen += [str(row[-1].value) for row in table.rows]
        text = words(response)
        assert ("First page" in text) is (number > 1)
        assert ("Carried forward" in text) is (number > 1)
        assert ("Closing balance" in text) is (number == 3)
        assert ("Next page" in text) is (number < 3)
        if number < 3:
            address_of_page = re.search(r'href="([^"]*after=\d+)"', response.content.decode())[1].replace("&amp;", "&")
    assert seen == [f"SAR 0.{total:02}" for total in (1, 3, 6, 10, 15)]


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "²"])
def test_a_page_that_nobody_linked_to_is_the_first(root, after):
    sell(1)
    response = root.get(address("account_statement"), {"account": CLEARING, "currency": "SAR", "after": after})
    assert response.context["is_first"] is True


def test_a_page_asks_the_database_as_often_however_many_rows_it_has(root, sales):
    pages = [f"{address(name)}?account={UNEARNED}&currency=SAR" for name in REPORTS]
    few = [count_queries(root, there) for there in pages]
    for number in range(20):
        sell(1 + number, name=f"more{number}")
    assert [count_queries(root, there) for there in pages] == few


def test_in_arabic_it_is_arabic(root, sales):
    response = root.get(address("trial_balance").replace("/en/", "/ar/"))
    content = response.content.decode()
    assert 'dir="rtl"' in content
    assert "ميزان المراجعة" in content
    assert summed()[UNEARNED, "SAR"] < 0
