"""Each report after real sales, against sums of the postings made in Python."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from finance.errors import PeriodRefused
from finance.reports.account_statement import account_statement
from finance.reports.days import today
from finance.reports.profit_summary import profit_summary
from finance.reports.trial_balance import trial_balance
from finance.reports.unearned_by_departure import unearned_by_departure
from ledger.actions.checkpoint import checkpoint
from ledger.models import JournalEntry, Posting
from tests.clock import turned_to
from tests.finance.reading import column, part, summed, total
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, sell
from tests.payments import flutterwave
from tests.payments.scene import buy
from tests.world import make_trip

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[False, True], ids=["postings", "checkpoints"])
def checkpointed(request, sales):
    if request.param:
        checkpoint()


def test_the_trial_balance_is_the_books(checkpointed, django_assert_num_queries):
    with django_assert_num_queries(1):
        report = trial_balance()
    books = part(report)
    assert {(row["code"], "SAR"): row["balance"] for row in books.rows} == dict(summed())
    totals = total(books, "total")
    assert totals["debit"] == totals["credit"] == sum(column(books.rows, "debit"))
    assert trial_balance(at=today() - timedelta(days=1)).parts == []
    assert trial_balance(currency="EUR").parts == []


def test_a_statement_leads_from_the_opening_to_the_closing_balance(checkpointed, sales, django_assert_num_queries):
    with django_assert_num_queries(1):
        lines = part(account_statement(account=UNEARNED, currency="SAR"))
        rows = list(lines.rows)
    assert len(rows) == Posting.objects.filter(account__code=UNEARNED).count() > 4
    assert total(lines, "opening") == {"balance": 0}
    balance = 0
    for row in rows:
        balance += row["debit"] - row["credit"]
        assert row["balance"] == balance
    assert total(lines, "closing") == {
        "debit": sum(column(rows, "debit")),
        "credit": sum(column(rows, "credit")),
        "balance": summed()[UNEARNED, "SAR"],
    }
    entry = JournalEntry.objects.get(pk=rows[0]["entry_id"])
    assert (rows[0]["reference"], rows[0]["booking"]) == (entry.reference, sales["kept"].reference)


def test_a_statement_of_other_days_has_no_lines(sales):
    yesterday = today() - timedelta(days=1)
    before = part(account_statement(account=UNEARNED, currency="SAR", end=yesterday))
    assert (list(before.rows), total(before, "closing")["balance"]) == ([], 0)
    after = part(account_statement(account=UNEARNED, currency="SAR", begin=today() + timedelta(days=1)))
    assert (list(after.rows), total(after, "opening")["balance"]) == ([], summed()[UNEARNED, "SAR"])
    with pytest.raises(PeriodRefused):
        account_statement(account=UNEARNED, currency="SAR", begin=today(), end=yesterday)


def test_the_profit_is_income_less_expense(checkpointed, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = part(profit_summary())
    month = f"{today():%Y-%m}"
    ours = {code: balance for (code, _), balance in summed().items() if code.startswith("platform:") and balance}
    assert {row["account"]: row[month] for row in found.rows} == {
        code: -balance if code in ("platform:booking_fees", "platform:commission") else balance
        for code, balance in ours.items()
    }
    assert total(found, "result")["total"] == total(found, "result")[month] == -sum(ours.values())
    assert total(found, "income")["total"] - total(found, "expense")["total"] == -sum(ours.values())


def test_each_month_has_its_own_profit_and_the_ends_are_cut_to_the_day():
    with turned_to(datetime(2026, 1, 1, tzinfo=UTC), ticking=False) as clock, connection.cursor() as cursor:
        sell(1_000)
        cursor.execute(
            "INSERT INTO ledger_account (code, kind, currency) VALUES ('platform:commission', 'income', 'SAR'),"
            " ('platform:goodwill', 'expense', 'SAR')"
        )
        for number, at in enumerate(["01-31 23:59:59.999999", "02-01 00:00", "02-15 12:00", "03-02 00:00"]):
            clock.move_to(datetime.fromisoformat(f"2026-{at}+00:00"))
            cursor.execute(entry_sql([(UNEARNED, 1 << number), ("platform:commission", -(1 << number))]))
            if number == 2:
                cursor.execute(entry_sql([("platform:goodwill", 100), (CLEARING, -100)]))
                checkpoint()
    days = {"begin": date(2026, 1, 31), "end": date(2026, 3, 1)}
    found = part(profit_summary(**days))
    assert total(found, "income") == {"2026-01": 1, "2026-02": 6, "2026-03": 0, "total": 7}
    assert total(found, "result") == {"2026-01": 1, "2026-02": -94, "2026-03": 0, "total": -93}
    found = part(profit_summary(**(days | {"begin": date(2026, 2, 2)})))
    assert total(found, "income") == {"2026-02": 4, "2026-03": 0, "total": 4}
    with pytest.raises(PeriodRefused):
        profit_summary(begin=days["end"], end=days["begin"])
    with pytest.raises(PeriodRefused):
        profit_summary(begin=date(1990, 1, 1))


def test_unearned_money_is_told_by_the_month_of_boarding(checkpointed, sales, django_assert_num_queries):
    with connection.cursor() as cursor:
        cursor.execute(entry_sql([(CLEARING, 33), (UNEARNED, -33)]))
        cursor.execute(entry_sql([(CLEARING, 44), (UNEARNED, -44)], booking_reference="NOBODYS"))
    expected = defaultdict(lambda: [0, 0])
    for booking in sales.values():
        held = -sum(
            Posting.objects.filter(account__code=UNEARNED, entry__booking_reference=booking.reference).values_list(
                "amount", flat=True
            )
        )
        if held:
            month = expected[f"{booking.boarding.departs_at:%Y-%m}"]
            month[0] += 1
            month[1] += held
    expected["other"] = [0, 77]
    with django_assert_num_queries(1):
        found = part(unearned_by_departure())
    assert {row["month"]: [row["bookings"], row["amount"]] for row in found.rows} == expected
    assert column(found.rows, "month")[-1] == "other"
    assert total(found, "total")["amount"] == -summed()[UNEARNED, "SAR"]
    assert unearned_by_departure(at=today() - timedelta(days=1)).parts == []


def test_currencies_do_not_mix(sandbox):
    buy(sandbox, trip=make_trip())
    flutterwave.buy(sandbox, currency="NGN")
    for report in (trial_balance(), unearned_by_departure(), profit_summary()):
        assert [found.currency for found in report.parts] == ["NGN", "SAR"]
    assert [found.currency for found in trial_balance(currency="NGN").parts] == ["NGN"]
    assert total(part(unearned_by_departure(), "NGN"), "total")["amount"] == -summed()[UNEARNED, "NGN"]
