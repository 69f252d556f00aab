"""Connections that PostgreSQL has closed, as all are when it is started again, are nobody's error."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.database import as_runtime

pytestmark = pytest.mark.django_db(transaction=True)

READERS = 16  # as many as the web server has threads
_LOSE_ALL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
"""


def read_all_at_once(web: str) -> list[int]:
    with httpx.Client(base_url=web, trust_env=False) as client, ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(lambda _number: client.get("/health/ready").status_code, range(2 * READERS)))


def test_after_postgresql_was_restarted_every_request_is_answered(web):
    assert read_all_at_once(web) == [200] * 2 * READERS
    with as_runtime() as runtime:
        (lost,) = runtime.execute(_LOSE_ALL).fetchone()
    assert lost > 1
    assert read_all_at_once(web) == [200] * 2 * READERS
