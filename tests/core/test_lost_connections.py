"""Connections that PostgreSQL has closed, as all are when it is started again, are nobody's error."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from django.db import connection

from tests.database import as_runtime
from tests.races.rivals import at_once

pytestmark = pytest.mark.django_db(transaction=True)

READERS = 16  # as many as the web server has threads
_LOSE_ALL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
"""


def lose_all() -> int:
    with as_runtime() as runtime:
        return runtime.execute(_LOSE_ALL).fetchone()[0]


def read_all_at_once(web: str) -> list[int]:
    with httpx.Client(base_url=web, trust_env=False) as client, ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(lambda _number: client.get("/health/ready").status_code, range(2 * READERS)))


def test_after_postgresql_was_restarted_every_request_is_answered(web):
    assert read_all_at_once(web) == [200] * 2 * READERS
    assert lose_all() > 1
    assert read_all_at_once(web) == [200] * 2 * READERS


def test_however_many_are_dead_nobody_waits_for_one_after_the_other():
    together = Barrier(READERS)

    def read() -> None:
        with connection.cursor() as cursor:
            together.wait(10)
            cursor.execute("SELECT 1")

    at_once(*[read] * READERS)
    connection.close()
    assert lose_all() >= READERS
    began = time.monotonic()
    for _again in range(2 * READERS):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
    assert time.monotonic() - began < 1
