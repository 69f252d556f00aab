"""The books at any date, read from checkpoints: exact whenever these were written, and cheap."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import queries
from ledger.actions.checkpoint import checkpoint
from ledger.models import Checkpoint, JournalEntry, Posting
from tests.clock import turned_to
from tests.database import as_owner
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, sell

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = [FIRST.date() + timedelta(days=day) for day in range(-1, 12)]


def write(amount: int) -> None:
    """An entry of now: clearing debited, or credited if the amount is negative."""
    with connection.cursor() as cursor:
        cursor.execute(entry_sql([(CLEARING, amount), (UNEARNED, -amount)]))


def summed(day: date) -> dict[str, tuple[int, int]]:
    """Debits and credits of each account at the end of a day, by adding up all postings."""
    posted = Posting.objects.filter(entry__posted_at__lt=datetime.combine(day, datetime.min.time(), UTC) + timedelta(1))
    sums: dict[str, tuple[int, int]] = {}
    for code in posted.values_list("account__code", flat=True).distinct():
        of = posted.filter(account__code=code)
        debit = of.filter(amount__gt=0).aggregate(sum=Sum("amount"))["sum"] or 0
        credit = of.filter(amount__lt=0).aggregate(sum=Sum("amount"))["sum"] or 0
        sums[code] = (debit, -credit)
    return sums


def told(day: date | None) -> dict[str, tuple[int, int]]:
    books = queries.trial_balance(day)["currencies"]
    accounts = books["SAR"]["accounts"] if books else []
    return {account["code"]: (account["debit"], account["credit"]) for account in accounts}


@pytest.fixture
def accounts(db) -> None:
    """Open, and never used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_account (code, kind, currency)"
            f" VALUES ('{CLEARING}', 'asset', 'SAR'), ('{UNEARNED}', 'liability', 'SAR')"
        )


# An entry so many minutes after the one before (or before it: writers at once), or a checkpoint.
STEPS = st.lists(
    st.one_of(st.tuples(st.integers(-30, 3_000), st.integers(-500, 500).filter(bool)), st.none()), max_size=25
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_books_of_every_day_are_the_sum_of_all_postings_up_to_it(accounts, steps):
    before = transaction.savepoint()
    with turned_to(FIRST, ticking=False) as clock:
        for step in steps:
            if step is None:
                checkpoint()
            else:
                clock.move_by(timedelta(minutes=step[0]))
                write(step[1])
    for day in DAYS:
        assert told(day) == summed(day)
    assert told(None) == summed(date(2030, 1, 1))
    transaction.savepoint_rollback(before)


@pytest.mark.django_db
def test_all_of_it_is_one_statement(django_assert_num_queries):
    sell(1000)
    checkpoint()
    sell(30, name="2")
    with django_assert_num_queries(1):
        books = queries.trial_balance(date(2030, 1, 1))
    assert books["currencies"]["SAR"]["total_debit"] == 1030


@pytest.mark.django_db
def test_an_entry_is_dated_no_earlier_than_what_is_counted_if_the_clock_runs_backwards(accounts):
    counted = FIRST + timedelta(days=3)
    with turned_to(counted, ticking=False) as clock:
        write(5)
        clock.move_to(FIRST)
        write(6)  # nothing was counted yet
        checkpoint()
        write(7)
    dates = list(JournalEntry.objects.order_by("pk").values_list("posted_at", flat=True))
    assert dates == [counted, FIRST, counted]
    assert told(FIRST.date() + timedelta(days=2)) == {CLEARING: (6, 0), UNEARNED: (0, 6)}
    assert told(FIRST.date() + timedelta(days=3)) == {CLEARING: (18, 0), UNEARNED: (0, 18)}


@pytest.mark.django_db
def test_a_checkpoint_says_what_was_debited_and_up_to_when(accounts):
    with turned_to(FIRST, ticking=False) as clock:
        for amount in (70, -20):
            write(amount)
        checkpoint()
        clock.move_by(timedelta(days=1))
        write(5)
        checkpoint()
    counted = Checkpoint.objects.filter(account__code=CLEARING).order_by("up_to_id")
    assert list(counted.values_list("balance", "debits", "posted_to")) == [
        (50, 70, FIRST),
        (55, 75, FIRST + timedelta(days=1)),
    ]


@pytest.mark.django_db(transaction=True)
def test_what_a_checkpoint_counts_is_not_read_again():
    """Shown by postings that the owner falsifies, guards switched off, in a transaction that is rolled back."""
    sell(1000, name="1")
    checkpoint()
    today = JournalEntry.objects.get().posted_at.date()
    sell(30, name="2")
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_posting SET amount = amount * 2")
        for until in ("infinity", f"{today + timedelta(days=1)}"):
            cursor.execute(
                "SELECT debits FROM ledger_account account, ledger_turnover(account.id, %s) WHERE code = %s",
                [until, CLEARING],
            )
            assert cursor.fetchall() == [(1060,)]
        cursor.connection.rollback()


@pytest.mark.django_db(transaction=True)
def test_the_migration_fills_in_older_checkpoints():
    for number in range(1, 4):
        sell(number, name=f"{number}")
        sell(number, name=f"usd{number}", currency="USD")
        checkpoint()
    before = list(Checkpoint.objects.order_by("pk").values_list())
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_checkpoint SET debits = 0, posted_to = 'epoch'")
    with as_owner() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'ledger_checkpoint'::regclass AND NOT tgisinternal"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER {name}")
    with as_owner() as cursor:
        cursor.execute(import_module("ledger.migrations.0006_turnover").FILL)
    assert list(Checkpoint.objects.order_by("pk").values_list()) == before
