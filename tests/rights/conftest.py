"""One world for each test, on a day of its own; the clock stands still."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.clock import Clock, turned_to
from tests.rights.business import add_business, journeys
from tests.rights.world import World, make_world

TODAY = datetime(2027, 3, 10, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def without_logs() -> Iterator[None]:
    """Each of thousands of requests, and each refusal with where it was raised, would be a line or more."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def empty_mailbox(settings, tmp_path) -> None:
    """What other tests have sent is no part of this world."""
    settings.MAIL_FOLDER = tmp_path


@pytest.fixture
def clock(db, sandbox) -> Iterator[Clock]:
    with turned_to(TODAY, sandbox, ticking=False) as clock:
        yield clock


@pytest.fixture
def world(clock, sandbox) -> World:
    """What travellers and programs get at, a minute after everybody has signed in."""
    made = make_world(sandbox)
    clock.move_by(timedelta(minutes=1))
    return made


@pytest.fixture
def business(clock, sandbox) -> World:
    """The same, and what staff have to do with."""
    sold = journeys(clock, TODAY)
    made = make_world(sandbox)
    add_business(made, sold, TODAY)
    clock.move_by(timedelta(minutes=1))
    return made
