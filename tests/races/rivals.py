"""Rivals: work on database connections of its own, and the knowledge of who waits for whom."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import psycopg
from django.db import connections

from tests.database import as_owner, as_runtime
from tests.services import PATIENCE, wait_until

# Whoever waits for this backend's locks, or stands in the queue behind one who does.
_WAITING = """
WITH RECURSIVE waiting (pid) AS (
  SELECT %s::int
  UNION
  SELECT activity.pid FROM pg_stat_activity activity JOIN waiting ON waiting.pid = ANY (pg_blocking_pids(activity.pid))
)
SELECT count(*) - 1 FROM waiting
"""


def on_own_connection(work: Callable[[], Any]) -> Any:
    """Run in a thread of a test; its connection is given back at the end."""
    try:
        return work()
    finally:
        connections.close_all()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Begin all at the same moment; what each of them returned or raised, in order."""
    start = Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        start.wait(PATIENCE)
        try:
            return work()
        except Exception as error:  # what a rival meets is what the test is about
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: on_own_connection(lambda: begin(work)), works))


@contextmanager
def somebody_holding(statement: str, *parameters: Any) -> Iterator[psycopg.Connection]:
    """Another transaction, which has run this statement and commits after the block."""
    with as_runtime() as cursor:
        cursor.execute(statement, parameters)
        yield cursor.connection


def wait_for_waiters(holder: psycopg.Connection, count: int = 1) -> None:
    """Return once so many transactions wait for the locks of this one, directly or one behind the other."""

    def waiting() -> bool:
        with as_owner() as cursor:  # a transaction of its own each time: activity stays as its first look found it
            cursor.execute(_WAITING, [holder.info.backend_pid])
            return cursor.fetchone()[0] >= count

    wait_until(waiting, f"{count} to wait for {holder}")


def count_deadlocks() -> int:
    """How many deadlocks PostgreSQL has resolved in this database, whoever met them."""
    with as_owner() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]
