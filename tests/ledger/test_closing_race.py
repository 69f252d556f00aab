"""Months are closed and checkpoints written while others post: no entry slips into a month that was closed."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import Q, Sum

from ledger import queries
from ledger.actions.checkpoint import checkpoint
from ledger.actions.close_period import close_period
from ledger.errors import LedgerBusyError
from ledger.jobs import checkpoint_ledger
from ledger.models import Checkpoint, JournalEntry, Period, Posting
from tests.clock import turned_to
from tests.database import as_owner, as_runtime
from tests.ledger.books import (
    CLEARING,
    UNEARNED,
    entry_sql,
    last_month,
    noon_of,
    plain_sums,
    sell,
    unbalanced_entries,
    wrong_checkpoints,
)
from tests.races.rivals import on_own_connection, wait_for_waiters
from tests.services import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

POSTERS, MONTHS = 4, 6
SOLD_BEFORE_A_MONTH_ENDS = 40


@contextmanager
def going_on(*works: Callable[[], Any]) -> Iterator[list[Future]]:
    """Each work is done again and again, on a connection of its own, until the end of the block."""
    done = threading.Event()

    def keep(work: Callable[[], Any]) -> None:
        while not done.is_set():
            work()

    with ThreadPoolExecutor(len(works)) as pool:
        try:
            yield [pool.submit(on_own_connection, lambda work=work: keep(work)) for work in works]
        finally:
            done.set()


def closed_in_time(month: date) -> None:
    """Close a month, as often as entries in flight get in the way."""
    while True:
        try:
            close_period(month)
            return
        except LedgerBusyError:
            continue


def by_month(up_to: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Debits and credits of every account in the months up to this one, by adding up the entries' own months."""
    sums = Posting.objects.filter(entry__period__lte=up_to).values_list("account__code", "account__currency").order_by()
    turnovers = sums.annotate(up=Sum("amount", filter=Q(amount__gt=0)), down=Sum("amount", filter=Q(amount__lt=0)))
    return {(code, currency): (debit or 0, -(credit or 0)) for code, currency, debit, credit in turnovers}


def told_of(month: date) -> dict[tuple[str, str], tuple[int, int]]:
    """The trial balance at the end of a month."""
    last_day = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return {
        (line["code"], currency): (line["debit"], line["credit"])
        for currency, books in queries.trial_balance(last_day)["currencies"].items()
        for line in books["accounts"]
    }


def test_many_post_while_one_checkpoints_and_one_closes_months():
    names, refused = count(), []

    def keep_posting() -> None:
        number = next(names)
        try:
            sell(100 + number, name=str(number), currency=("SAR", "JPY")[number % 2])
        except IntegrityError as error:
            # An entry that read the clock before it was turned meets a closed month: refused, and nothing slipped in.
            refused.append(error.__cause__.diag.constraint_name)

    next_year = datetime.now(UTC).year + 1
    months = [date(next_year, number, 1) for number in range(1, MONTHS + 1)]
    figures = {}
    with turned_to(noon_of(months[0])) as clock:
        with going_on(*[keep_posting] * POSTERS, checkpoint_ledger) as rivals:
            for month in months:
                wait_until(
                    lambda month=month: JournalEntry.objects.filter(period=month).count() >= SOLD_BEFORE_A_MONTH_ENDS,
                    "entries of the month",
                )
                clock.move_to(noon_of(month + timedelta(days=32)))
                closed_in_time(month)
                figures[month] = told_of(month)
        for rival in rivals:
            rival.result()
        checkpoint()
        assert set(refused) <= {"journalentry_period_open"}
        assert Period.objects.count() == MONTHS
        assert Checkpoint.objects.count() > MONTHS
        assert wrong_checkpoints() == []
        assert unbalanced_entries() == 0
        assert queries.balances() == plain_sums()
        for month, at_closing in figures.items():
            assert told_of(month) == at_closing == by_month(month)


@pytest.mark.parametrize("turned_back", [False, True], ids=["time goes on", "the clock is turned back meanwhile"])
def test_an_entry_that_waits_while_its_month_is_closed_does_not_get_into_it(turned_back):
    """It is dated after the wait: into the month that is open by then, or it is refused."""
    month = last_month()
    with turned_to(noon_of(month)) as clock:
        sell(1000, name="1")
        Period.objects.create(month=month)
        clock.move_to(noon_of(month + timedelta(days=32)))
        with as_runtime() as closing, ThreadPoolExecutor(1) as pool:
            closing.execute("UPDATE ledger_period SET status = 'closed'")
            entry = pool.submit(on_own_connection, lambda: sell(2000, name="2"))
            wait_for_waiters(closing.connection)
            if turned_back:
                clock.move_to(noon_of(month))
            closing.connection.commit()
            if turned_back:
                with pytest.raises(IntegrityError, match="is closed"):
                    entry.result()
            else:
                assert entry.result().created
        assert list(JournalEntry.objects.filter(period=month).values_list("reference", flat=True)) == [
            "stripe:pi_1:charge"
        ]
        assert JournalEntry.objects.count() == (1 if turned_back else 2)


def test_without_its_guard_an_entry_is_written_into_the_closed_month():
    month = last_month()
    with turned_to(noon_of(month)) as clock:
        sell(1000, name="1")
        clock.move_to(noon_of(month + timedelta(days=32)))
        close_period(month)
        closed_on, then = told_of(month), str(noon_of(month))
        with as_owner() as owner:
            owner.execute("ALTER TABLE ledger_journalentry DISABLE TRIGGER guard_entry_period")
        try:
            with as_runtime() as cursor:
                cursor.execute(entry_sql([(CLEARING, 5), (UNEARNED, -5)], posted_at=then, effective_at=then))
            assert told_of(month) != closed_on
        finally:
            with as_owner() as owner:
                owner.execute("ALTER TABLE ledger_journalentry ENABLE ALWAYS TRIGGER guard_entry_period")
