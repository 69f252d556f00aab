"""A scenario of the gateway's, recorded."""

from collections.abc import Callable, Iterator

import pytest

from tests.payments.orders.outcome import Outcome, balances, booking_state, refunds
from tests.payments.orders.plots import CLEARING, Plot
from tests.payments.orders.recording import record
from tests.payments.orders.replay import Replay
from tests.payments.scene import held_by_gateway
from tests.services import Sandbox
from tests.world import make_trip


@pytest.fixture
def replay(transactional_db, sandbox: Sandbox, plot: Plot) -> Iterator[Replay]:
    """The scenario `plot`, played at the sandbox; from now on our code hears the recording."""
    with Replay(record(plot.play, sandbox, make_trip()), plot).on_air() as replay:
        yield replay


@pytest.fixture
def expected(sandbox: Sandbox, plot: Plot, replay: Replay) -> Outcome:
    """What all its events come to, each once, in their own order and of their own time."""
    expected = replay.outcome(*(as_of_then for as_of_then, *_as_of_the_end in replay.events))
    assert_as_plotted(expected, plot, sandbox)
    return expected


def assert_as_plotted(outcome: Outcome, plot: Plot, sandbox: Sandbox) -> None:
    """It is what the scenario must come to, and the books agree with the gateway's balance."""
    assert booking_state(outcome) == plot.booking
    assert refunds(outcome) == plot.refunds
    assert {account: balances(outcome)[account] for account in plot.books} == plot.books
    if plot.settled:
        assert balances(outcome)[CLEARING] == held_by_gateway(sandbox)["SAR"]


@pytest.fixture
def tried(record_property) -> Callable[[str, int], None]:
    """Note down how many orders a test tried, ROLLED_BACK or COMMITTED."""
    return record_property
