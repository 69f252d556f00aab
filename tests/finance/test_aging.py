"""How old disputes and debts are, now and on any day that was."""

from datetime import timedelta

import pytest
from django.db import connection

from finance.reports.aging import AGES, aging
from finance.reports.days import today
from payments.models import Dispute
from tests.admin.scene import make_dispute
from tests.clock import turned_to
from tests.finance.reading import part, summed, total
from tests.ledger.books import entry_sql, noon_of
from tests.payments.scene import buy, charge_of, tell_all

PAYABLE = "refunds:payable"


def ages(what: str, *, at=None, currency: str = "SAR", value: str = "amount") -> dict[str, int]:
    """What is not nothing, by age."""
    report = aging(at=at)
    found = [one for one in report.parts if one.currency == currency]
    return {row["days"]: row[value] for one in found for row in one.rows if row["what"] == what and row[value]}


def owe(amount: int, days_ago: int, booking: str = "A", *, happened: int | None = None) -> None:
    """So much more is owed to a booking, or went back if negative: posted so many days ago, and owed from then on
    unless it happened before.
    """
    at = noon_of(today() - timedelta(days=days_ago if happened is None else happened))
    entry = entry_sql([("suspense", amount), (PAYABLE, -amount)], booking_reference=booking, effective_at=str(at))
    with turned_to(noon_of(today() - timedelta(days=days_ago))), connection.cursor() as cursor:
        cursor.execute(entry)


@pytest.fixture
def accounts(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_account (code, kind, currency)"
            " VALUES ('suspense', 'clearing', 'SAR'), ('refunds:payable', 'liability', 'SAR')"
        )


@pytest.mark.parametrize(
    ("days", "age"),
    [
        *((0, "0-7"), (7, "0-7"), (8, "8-30"), (30, "8-30"), (31, "31-60")),
        *((60, "31-60"), (61, "61-90"), (90, "61-90"), (91, ">90"), (400, ">90")),
    ],
)
def test_a_debt_is_as_old_as_the_days_since_it_was_owed(accounts, days, age):
    owe(100, days)
    assert ages("refunds") == {age: 100}


def test_what_goes_back_pays_the_oldest_debt_of_its_own_booking_first(accounts):
    owe(100, 100, "A")
    owe(50, 40, "A")
    owe(7, 40, "B")
    owe(-120, 3, "A")
    assert ages("refunds") == {"31-60": 37}
    assert ages("refunds", value="number") == {"31-60": 2}
    assert ages("refunds", at=today() - timedelta(days=4)) == {">90": 100, "31-60": 57}
    assert ages("refunds", at=today() - timedelta(days=50)) == {"31-60": 100}
    assert ages("refunds", at=today() - timedelta(days=101)) == {}


def test_more_than_was_owed_is_negative_and_as_old_as_it_went(accounts):
    owe(100, 100)
    owe(-70, 50)
    owe(-60, 10)
    assert ages("refunds") == {"8-30": -30}
    owe(30, 0)
    assert ages("refunds") == {}


def test_a_debt_that_was_heard_of_late_is_as_old_as_it_is(accounts):
    owe(100, 2, happened=35)
    assert ages("refunds") == {"31-60": 100}
    assert ages("refunds", at=today() - timedelta(days=3)) == {}


@pytest.mark.django_db
def test_refunds_due_are_the_balance_of_what_is_payable(sandbox, sales, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = part(aging())
    assert total(found, "refunds")["amount"] == -summed()[PAYABLE, "SAR"] > 0
    assert ages("refunds", value="number") == {"0-7": 1}
    assert [row["days"] for row in found.rows] == [*AGES, *AGES]


@pytest.mark.django_db
def test_undecided_disputes_are_what_the_bank_withholds(sandbox, sales):
    found = part(aging())
    (dispute,) = Dispute.objects.all()
    withheld = summed()["gateway:stripe:disputed", "SAR"]
    assert total(found, "disputes") == {"number": 1, "amount": dispute.amount, "withheld": withheld}
    assert withheld == dispute.held_amount > 0
    assert ages("disputes", at=today() - timedelta(days=1)) == {}


@pytest.mark.django_db
def test_a_dispute_counts_as_it_stood_on_the_day(sandbox):
    """It was opened 70 days ago, is under review since 30 days later, and was lost 5 days ago."""

    def days_ago(days: int):
        return today() - timedelta(days=days)

    with turned_to(noon_of(days_ago(70)), sandbox) as clock:
        _booking, payment = buy(sandbox)
        opened = sandbox.dispute(charge_of(sandbox, payment)["id"])
        tell_all(sandbox)
        for status, later in (("under_review", 30), ("lost", 35)):
            clock.move_by(timedelta(days=later))
            sandbox.move_dispute(opened["id"], status)
            tell_all(sandbox)
    dispute = Dispute.objects.get()
    assert dispute.status == "lost"
    assert [ages("disputes"), ages("disputes", at=days_ago(71))] == [{}, {}]
    assert ages("disputes", at=days_ago(70)) == {"0-7": dispute.amount}
    assert ages("disputes", at=days_ago(50)) == {"8-30": dispute.amount}
    assert ages("disputes", at=days_ago(6), value="withheld") == {"61-90": dispute.amount}
    assert ages("disputes", at=days_ago(5)) == {}


@pytest.mark.django_db
def test_a_dispute_without_a_change_stands_as_it_was_told_first(sandbox):
    _booking, payment = buy(sandbox)
    make_dispute(payment, "dp_open")
    make_dispute(payment, "dp_won", status="won")
    assert ages("disputes", value="number") == {"0-7": 1}
