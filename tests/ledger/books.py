"""What tests write into the books, through the writer and past it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import psycopg
from django.db import connection, connections, transaction
from django.db.models import Sum

from ledger.actions.post import Posted, credit, debit, post
from ledger.models import Account, Checkpoint, EntryKind, JournalEntry, Period, Posting

CLEARING, UNEARNED = "gateway:stripe:clearing", "travellers:unearned"


def sell(amount: int = 1000, *, name: str = "1", currency: str = "SAR") -> Posted:
    """A charge of so many minor units, in a transaction of its own if there is none."""
    with transaction.atomic():
        return post(
            kind=EntryKind.CHARGE,
            reference=f"stripe:pi_{name}:charge",
            currency=currency,
            lines=[debit(CLEARING, amount), credit(UNEARNED, amount)],
            gateway="stripe",
            payment_intent_id=f"pi_{name}",
        )


def entry_sql(
    lines: Sequence[tuple[str, int]],
    *,
    posting_count: int | None = None,
    currency: str = "SAR",
    account_currency: str = "SAR",
    kind: str = "adjustment",
    **facts: str | int,
) -> str:
    """An entry by hand, past the writer: its lines are (account code, amount) with accounts that exist."""
    columns = {
        "kind": f"'{kind}'",
        "currency": f"'{currency}'",
        "posting_count": len(lines) if posting_count is None else posting_count,
        "actor": "'attacker'",
        **dict.fromkeys(["booking_reference", "gateway", "memo", "correlation_id"], "''"),
        **{name: f"'{value}'" for name, value in facts.items()},
    }
    insert_entry = f"""
        INSERT INTO ledger_journalentry ({", ".join(columns)}) VALUES ({", ".join(map(str, columns.values()))})"""
    if not lines:
        return insert_entry
    rows = ", ".join(f"('{code}', {amount})" for code, amount in lines)
    return f"""
        WITH entry AS ({insert_entry} RETURNING id)
        INSERT INTO ledger_posting (entry_id, account_id, amount)
        SELECT entry.id, account.id, line.amount
          FROM entry, (VALUES {rows}) AS line (code, amount)
          JOIN ledger_account account ON account.code = line.code AND account.currency = '{account_currency}'"""


@contextmanager
def as_runtime_role() -> Iterator[psycopg.Cursor]:
    """A cursor of the role that serves, on a connection and in a transaction of its own, which commits at the end."""
    settings = connections["default"].settings_dict
    with (
        psycopg.connect(
            host=settings["HOST"],
            port=settings["PORT"] or 5432,
            user=settings["USER"],
            password=settings["PASSWORD"],
            dbname=settings["NAME"],
        ) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def everything() -> list[list[tuple]]:
    """All that the books hold, to see that a refused attack changed nothing."""
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Account, JournalEntry, Posting, Checkpoint, Period)
    ]


def plain_sums() -> dict[tuple[str, str], int]:
    """The balance of every account by adding up all of its postings."""
    rows = Posting.objects.values_list("account__code", "account__currency").annotate(Sum("amount")).order_by()
    return {(code, currency): total for code, currency, total in rows}


def wrong_checkpoints() -> list[tuple]:
    """Every checkpoint that is not what the postings of its account up to its own come to, by adding them up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH added AS (SELECT posting.id, account_id, sum(amount) OVER so_far AS balance,"
            " sum(greatest(amount, 0)) OVER so_far AS debits, max(posted_at) OVER so_far AS posted_to"
            " FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id"
            " WINDOW so_far AS (PARTITION BY account_id ORDER BY posting.id))"
            " SELECT checkpoint.*, added.* FROM ledger_checkpoint checkpoint LEFT JOIN added"
            " ON added.id = checkpoint.up_to_id AND added.account_id = checkpoint.account_id"
            " WHERE (added.balance, added.debits, added.posted_to)"
            " IS DISTINCT FROM (checkpoint.balance, checkpoint.debits, checkpoint.posted_to)"
        )
        return cursor.fetchall()


def unbalanced_entries() -> int:
    """How many entries do not balance, or are incomplete."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_journalentry entry LEFT JOIN (SELECT entry_id, sum(amount) AS total, count(*)"
            " AS lines FROM ledger_posting GROUP BY 1) posted ON posted.entry_id = entry.id"
            " WHERE (total, lines) IS DISTINCT FROM (0, posting_count)"
        )
        return cursor.fetchone()[0]


def last_month() -> date:
    """The first day of the last month that has ended, by UTC."""
    return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def noon_of(day: date) -> datetime:
    """Noon of a day, by UTC."""
    return datetime.combine(day, time(12), UTC)
