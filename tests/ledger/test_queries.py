"""Balances and the trial balance, and the command that prints it."""

import json
from datetime import UTC, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import queries
from ledger.actions.checkpoint import checkpoint
from ledger.errors import AccountUnknownError
from ledger.models import JournalEntry
from tests.clock import turned_to
from tests.database import as_owner
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, sell

SELL_500_KWD_AND_TAKE_200_BACK = {
    "accounts": [
        {"code": CLEARING, "kind": "asset", "debit": 500, "credit": 200, "balance": 300},
        {"code": UNEARNED, "kind": "liability", "debit": 200, "credit": 500, "balance": -300},
    ],
    "total_debit": 700,
    "total_credit": 700,
}


@pytest.mark.django_db
@pytest.mark.parametrize("checkpointed", [False, True], ids=["postings", "checkpoint and later postings"])
def test_a_balance_is_read_in_one_statement(checkpointed, django_assert_num_queries):
    sell(1000, name="1")
    sell(70, name="2", currency="USD")
    if checkpointed:
        checkpoint()
    sell(234, name="3")
    with django_assert_num_queries(1):
        assert queries.balance(CLEARING, "SAR") == 1234
    with django_assert_num_queries(1):
        assert queries.balances("SAR") == {(CLEARING, "SAR"): 1234, (UNEARNED, "SAR"): -1234}
    with django_assert_num_queries(1):
        assert len(queries.balances()) == 4


@pytest.mark.django_db
def test_the_balance_up_to_any_posting_is_told_whatever_checkpoints_there_are():
    for number in range(1, 7):
        sell(number, name=str(number))
        if number % 2 == 0:
            checkpoint()
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_balance(account_id, id) FROM ledger_posting WHERE amount > 0 ORDER BY id")
        told = [balance for (balance,) in cursor.fetchall()]
    assert told == [1, 3, 6, 10, 15, 21]


@pytest.mark.django_db
def test_an_account_nobody_used_stands_at_zero_and_one_off_the_chart_is_an_error():
    assert queries.balance("bank", "SAR") == 0
    with pytest.raises(AccountUnknownError):
        queries.balance("bonk", "SAR")


@pytest.mark.django_db
def test_the_trial_balance_has_every_account_by_currency(django_assert_num_queries):
    sell(500, name="1", currency="KWD")
    sell(1000, name="2", currency="JPY")
    take_back = entry_sql([(UNEARNED, 200), (CLEARING, -200)], currency="KWD", account_currency="KWD")
    with connection.cursor() as cursor:
        cursor.execute(take_back)
    with django_assert_num_queries(1):
        books = queries.trial_balance()
    assert list(books["currencies"]) == ["JPY", "KWD"]
    assert books["currencies"]["KWD"] == SELL_500_KWD_AND_TAKE_200_BACK
    assert queries.trial_balance(currency="KWD")["currencies"] == {"KWD": SELL_500_KWD_AND_TAKE_200_BACK}
    assert queries.trial_balance(currency="EUR")["currencies"] == {}


@pytest.mark.django_db
def test_the_trial_balance_of_a_day_goes_by_posting_time_in_utc():
    sell(1000, name="1")
    today = JournalEntry.objects.get().posted_at.date()
    midnight = datetime.combine(today - timedelta(days=2), time(), UTC)
    with turned_to(midnight - timedelta(microseconds=1), ticking=False) as clock:
        sell(5, name="2")
        clock.move_to(midnight)
        sell(70, name="3")

    def debits(days_ago: int) -> int:
        books = queries.trial_balance(today - timedelta(days=days_ago))["currencies"]
        return books["SAR"]["total_debit"] if books else 0

    assert [debits(days_ago) for days_ago in (4, 3, 2, 1, 0)] == [0, 5, 75, 75, 1075]


@pytest.mark.django_db
def test_the_command_prints_json_of_minor_units():
    sell(1000)
    today = JournalEntry.objects.get().posted_at.date()
    out = StringIO()
    call_command("trial_balance", "--json", "--currency", "sar", "--at", today.isoformat(), stdout=out)
    assert json.loads(out.getvalue()) == {
        "at": today.isoformat(),
        "currencies": {
            "SAR": {
                "accounts": [
                    {"code": CLEARING, "kind": "asset", "debit": 1000, "credit": 0, "balance": 1000},
                    {"code": UNEARNED, "kind": "liability", "debit": 0, "credit": 1000, "balance": -1000},
                ],
                "total_debit": 1000,
                "total_credit": 1000,
            }
        },
    }


@pytest.mark.django_db
def test_the_command_prints_a_table_of_major_units():
    sell(123_456, name="1", currency="KWD")
    sell(500, name="2", currency="JPY")
    out = StringIO()
    call_command("trial_balance", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert [CLEARING, "asset", "500", "0", "500"] in lines
    assert [UNEARNED, "liability", "0.000", "123.456", "-123.456"] in lines
    assert ["total", "123.456", "123.456", "0.000"] in lines


def test_the_command_refuses_what_is_no_date():
    with pytest.raises(CommandError, match="--at"):
        call_command("trial_balance", "--at", "yesterday")


@pytest.mark.django_db(transaction=True)
def test_a_balance_does_not_read_again_what_a_checkpoint_counts():
    """Shown by postings that the owner falsifies, guards switched off, in a transaction that is rolled back."""
    sell(1000, name="1")
    checkpoint()
    sell(30, name="2")
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_posting SET amount = amount * 2")
        cursor.execute("SELECT ledger_balance(id) FROM ledger_account WHERE code = %s", [CLEARING])
        assert cursor.fetchall() == [(1060,)]
        cursor.connection.rollback()
    assert queries.balance(CLEARING, "SAR") == 1030
