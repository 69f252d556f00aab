"""The gate: a checkpoint or a closing never overlooks an entry in flight. Without it both do."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from psycopg import errors

from ledger import gate, queries
from ledger.actions.checkpoint import checkpoint
from ledger.actions.close_period import close_period
from ledger.errors import LedgerBusyError
from ledger.jobs import checkpoint_ledger
from ledger.models import Account, Checkpoint, JournalEntry, Period
from tests.clock import turned_to
from tests.database import as_owner
from tests.ledger.books import CLEARING, UNEARNED, as_runtime_role, entry_sql, last_month, noon_of, plain_sums, sell

pytestmark = pytest.mark.django_db(transaction=True)

ENTRY = entry_sql([(CLEARING, 5), (UNEARNED, -5)])


@pytest.fixture
def no_gate() -> Iterator[None]:
    """The gate's triggers taken away by the owner for the length of a test."""
    tables = ("ledger_journalentry", "ledger_posting")
    with as_owner() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER guard_ledger_gate")
    yield
    with as_owner() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_ledger_gate")


def last_ids() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.last_value, posting.last_value"
            " FROM ledger_journalentry_id_seq entry, ledger_posting_id_seq posting"
        )
        return cursor.fetchall()


def test_a_checkpoint_is_skipped_while_an_entry_is_in_flight():
    sell(1000)
    with as_runtime_role() as cursor:
        cursor.execute(ENTRY)
        assert checkpoint_ledger() == {"checkpoints": 0, "skipped": True}
        assert not Checkpoint.objects.exists()
    assert checkpoint_ledger() == {"checkpoints": 2, "skipped": False}
    assert queries.balances() == plain_sums() == {(CLEARING, "SAR"): 1005, (UNEARNED, "SAR"): -1005}


def test_without_the_gate_a_checkpoint_loses_an_entry_in_flight(no_gate):
    sell(1000, name="1")
    with as_runtime_role() as cursor:
        cursor.execute(ENTRY)  # its ids are drawn now, and seen only later
        sell(2000, name="2")
        assert checkpoint_ledger() == {"checkpoints": 2, "skipped": False}
    assert plain_sums()[CLEARING, "SAR"] == 3005
    assert queries.balance(CLEARING, "SAR") == 3000


def test_a_month_is_not_closed_while_an_entry_is_in_flight():
    sell(1000)
    with as_runtime_role() as cursor:
        with turned_to(noon_of(last_month())):
            cursor.execute(ENTRY)
        with pytest.raises(LedgerBusyError):
            close_period(last_month())
        assert not Period.objects.exists()
    assert JournalEntry.objects.filter(period=last_month()).count() == 1
    close_period(last_month())


def test_without_the_gate_an_entry_in_flight_slips_into_a_closed_month(no_gate):
    sell(1000)
    with as_runtime_role() as cursor:
        with turned_to(noon_of(last_month())):
            cursor.execute(ENTRY)
        closed_on = queries.trial_balance(last_month().replace(day=28))
        close_period(last_month())
    assert queries.trial_balance(last_month().replace(day=28)) != closed_on


@pytest.mark.parametrize(
    "sql",
    [
        ENTRY,
        entry_sql([], posting_count=2),
        "INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES (1, 1, 1)",
    ],
    ids=["whole entry", "entry", "posting"],
)
def test_entries_and_postings_wait_outside_before_they_draw_an_id(sql):
    sell(1000)
    with transaction.atomic():
        gate.enter_alone()
        before = last_ids()
        with pytest.raises(errors.LockNotAvailable), as_runtime_role() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute(sql)
        assert last_ids() == before


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO ledger_checkpoint (account_id, balance, up_to_id) VALUES (1, 1000, 1)",
        "UPDATE ledger_period SET status = 'closed'",
    ],
    ids=["checkpoint", "closing"],
)
def test_a_checkpoint_or_closing_by_hand_waits_for_entries_in_flight_too(sql):
    sell(1000)
    Period.objects.create(month=last_month())
    with as_runtime_role() as writer:
        writer.execute(ENTRY)
        with pytest.raises(errors.LockNotAvailable), as_runtime_role() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute(sql)


def test_only_accounts_that_moved_get_a_checkpoint():
    sell(1000, name="1")
    sell(1000, name="2", currency="USD")
    assert checkpoint() == 4
    assert checkpoint() == 0
    sell(500, name="3")
    assert checkpoint() == 2
    assert Checkpoint.objects.count() == 6
    newest = Checkpoint.objects.filter(account__code=CLEARING, account__currency="SAR").latest("up_to_id")
    assert newest.balance == 1500


def test_balances_stay_exact_while_many_post_and_one_checkpoints():
    posters, entries_each = 6, 40
    done = threading.Event()
    wrong: list[tuple[int, int]] = []
    runs = {"written": 0, "skipped": 0}

    def post_many(poster: int) -> None:
        try:
            for number in range(entries_each):
                sell(100 + number, name=f"{poster}-{number}", currency=("SAR", "JPY")[number % 2])
        finally:
            connections.close_all()

    def keep_checkpointing() -> None:
        try:
            while not done.is_set():
                runs["skipped" if checkpoint_ledger()["skipped"] else "written"] += 1
        finally:
            connections.close_all()

    def keep_comparing() -> None:
        try:
            while not done.is_set():
                with connections["default"].cursor() as cursor:
                    cursor.execute(
                        "SELECT ledger_balance(id), (SELECT coalesce(sum(amount), 0) FROM ledger_posting"
                        " WHERE account_id = account.id) FROM ledger_account account"
                    )
                    wrong.extend(row for row in cursor.fetchall() if row[0] != row[1])
        finally:
            connections.close_all()

    watchers = [threading.Thread(target=keep_checkpointing), threading.Thread(target=keep_comparing)]
    writers = [threading.Thread(target=post_many, args=[poster]) for poster in range(posters)]
    for thread in [*watchers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in watchers:
        thread.join()

    assert not wrong
    assert JournalEntry.objects.count() == posters * entries_each
    assert runs["written"] > 0
    checkpoint()
    assert queries.balances() == plain_sums()
    assert Account.objects.count() == 4
