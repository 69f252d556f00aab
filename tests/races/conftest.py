"""What races need beside the shared fixtures."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.races.rivals import count_deadlocks, on_own_connection


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
