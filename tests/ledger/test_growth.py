"""However much was posted, reading a balance, the trial balance and posting one entry more cost the same."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import queries
from ledger.actions.post import credit, debit, post
from ledger.models import EntryKind
from tests import scratch
from tests.ledger.books import CLEARING, UNEARNED, plain_sums, unbalanced_entries, wrong_checkpoints
from tests.ledger.years_worth import HOT, QUIET, load
from tests.services import ROOT, environment

FEW, MANY = 1_000, 1_000_000
REPEATS = 51
PAST = date(2026, 6, 15)  # half a year, and half a million postings, before the last of them
SECONDS = 2.0  # for which each crowd posts
READS: dict[str, Callable[[], Any]] = {
    "balance of a hot account": lambda: queries.balance(*HOT),
    "balance of a quiet account": lambda: queries.balance(*QUIET),
    "trial balance": queries.trial_balance,
    "trial balance of a past day": lambda: queries.trial_balance(PAST),
}


@pytest.fixture(scope="module")
def books(django_db_setup, django_db_blocker) -> Iterator[dict[int, str]]:
    """A database of few postings and one of many."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        names = {size: stack.enter_context(scratch.database(f"of_{size}")) for size in (FEW, MANY)}
        for size, name in names.items():
            load(name, size)
        yield names


def statement_of(read: Callable[[], Any]) -> tuple[str, Any]:
    """The one statement of a read, and its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(execute, sql, params, many, context):
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        read()
    assert len(seen) == 1
    return seen[0]


def server_ms(read: Callable[[], Any]) -> float:
    """How long PostgreSQL plans and executes it, in milliseconds: the median of many runs."""
    sql, params = statement_of(read)
    took = []
    with connection.cursor() as cursor:
        for _run in range(REPEATS):
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            ((plan,),) = cursor.fetchall()
            found = (json.loads(plan) if isinstance(plan, str) else plan)[0]
            took.append(found["Planning Time"] + found["Execution Time"])
    return median(took)


def posting_ms() -> float:
    """How long one entry takes, its commit included, in milliseconds: the median of many."""
    took = []
    for number in range(3 * REPEATS):
        begun = perf_counter()
        with transaction.atomic():
            post(
                kind=EntryKind.FEE,
                reference=f"measured:{number}",
                currency="SAR",
                lines=[debit(CLEARING, 100), credit(UNEARNED, 100)],
            )
        took.append((perf_counter() - begun) * 1000)
    return median(took)


def plainly_at(day: date) -> dict[tuple[str, str], list[int]]:
    """Debits and credits of every account up to the end of a day, by adding up all postings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, account.currency, coalesce(sum(amount) FILTER (WHERE amount > 0), 0),"
            " coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)"
            " FROM ledger_posting posting JOIN ledger_account account ON account.id = account_id"
            " JOIN ledger_journalentry entry ON entry.id = entry_id WHERE posted_at < %s::date + 1 GROUP BY 1, 2",
            [day],
        )
        return {(code, currency): turnover for code, currency, *turnover in cursor.fetchall()}


def test_reading_costs_the_same_however_much_was_posted(books, record_property):
    took: dict[int, dict[str, float]] = {}
    for size, name in books.items():
        with scratch.served_from(name):
            assert queries.balances() == plain_sums()
            took[size] = {what: server_ms(read) for what, read in READS.items()}
            took[size]["one entry posted"] = posting_ms()
    with scratch.served_from(books[MANY]):
        told = queries.trial_balance(PAST)["currencies"]
        assert {
            (line["code"], currency): [line["debit"], line["credit"]]
            for currency, of_currency in told.items()
            for line in of_currency["accounts"]
        } == plainly_at(PAST)

    for what, ms in took[MANY].items():
        record_property("growth", f"{what}: {took[FEW][what]:.2f} ms at {FEW:,} postings, {ms:.2f} ms at {MANY:,}")
    for what in ("balance of a hot account", "balance of a quiet account"):
        few, many = took[FEW][what], took[MANY][what]
        assert max(few, many) < 1
        assert max(few, many) < 2 * min(few, many)
    assert took[MANY]["trial balance"] < 20
    assert took[MANY]["trial balance of a past day"] < 20
    assert took[MANY]["one entry posted"] < 3 * took[FEW]["one entry posted"]


def test_many_post_at_once_and_checkpoints_stay_exact(books, record_property):
    with scratch.served_from(books[MANY]):
        done = json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.ledger.posting", str(SECONDS)],
                cwd=ROOT,
                env=environment(),
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
        assert done["together"]["checkpoints"] > 0
        assert wrong_checkpoints() == []
        assert unbalanced_entries() == 0
        assert queries.balances() == plain_sums()
    for crowd, who in (("alone", "one process posts"), ("together", "four processes post")):
        entries, postings = (done[crowd][what] / SECONDS for what in ("entries", "postings"))
        record_property("growth", f"{who} {entries:,.0f} entries a second, {postings:,.0f} postings")
        assert entries > 50
    written, skipped = done["together"]["checkpoints"], done["together"]["skipped"]
    record_property("growth", f"{written:,} checkpoints meanwhile, {skipped} turns skipped")
