"""One world for each test, on a day of its own; the clock stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.clock import turned_to
from tests.rights.world import World, make_world

TODAY = datetime(2027, 3, 10, 10, tzinfo=UTC)


@pytest.fixture
def world(db, sandbox) -> Iterator[World]:
    with turned_to(TODAY, sandbox, ticking=False) as clock:
        made = make_world(sandbox)
        clock.move_by(timedelta(minutes=1))
        yield made
