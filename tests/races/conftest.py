"""What races need beside the shared fixtures."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from core import transactions
from tests.races.rivals import count_deadlocks, on_own_connection
from tests.services import served


@pytest.fixture
def background() -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Starts work in a thread with a connection of its own; its future tells what came of it."""
    with ThreadPoolExecutor(16) as pool:
        yield lambda work: pool.submit(on_own_connection, work)


@pytest.fixture
def deadlocks(transactional_db) -> Callable[[], int]:
    """Counts the deadlocks since the test began, those that were solved by trying again included."""
    before = count_deadlocks()
    return lambda: count_deadlocks() - before


@pytest.fixture(scope="session")
def unforgiving_process(django_db_setup, sandbox_process) -> Iterator[str]:
    """One such server for all tests that need it."""
    with served("tests.races.unforgiving:application", STRIPE_API_BASE=sandbox_process.url) as web:
        yield web.url


@pytest.fixture
def unforgiving(transactional_db, unforgiving_process, sandbox, monkeypatch) -> Iterator[str]:
    """The address of a web server that hides no deadlock by trying again; neither do we. It is where events go."""
    monkeypatch.setattr(transactions, "_TRIES", 1)
    sandbox.control("endpoint", url=f"{unforgiving_process}/webhooks/stripe")
    sandbox.mode(charge_updated_delay_seconds=0)
    yield unforgiving_process
    sandbox.reset()  # it must not tell the next test of this one
