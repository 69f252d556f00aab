"""Orders too many to try them all: everything that there is to tell of a scenario, lost, late, twice and outdated."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.payments.orders import ROLLED_BACK
from tests.payments.orders.plots import PLOTS, Plot
from tests.payments.orders.replay import Arrival, Replay

EXAMPLES = 14  # of each scenario


@st.composite
def orders(draw: st.DrawFn, replay: Replay, plot: Plot) -> list[Arrival]:
    """A beginning of the events is lost until after we asked; or for good."""
    events = [draw(st.sampled_from(one)) for one in draw(st.permutations(replay.events))]
    lost = draw(st.integers(0, len(events) - 1))
    order, late = events[lost:], events[:lost]
    between = [*events, *(one.again for one in events), *replay.answers, *replay.looks, replay.sweep]
    for one in draw(st.lists(st.sampled_from(between), max_size=5)):
        order.insert(draw(st.integers(0, len(order))), one)
    if lost:
        order.append(replay.reconcile)
        order += draw(st.sampled_from([[], late]))
    return [*order, replay.reconcile] if plot.open_end else order


@pytest.mark.parametrize("plot", PLOTS, ids=str)
def test_longer_orders_end_alike(plot, replay, expected, tried):
    seen: list[list[Arrival]] = []

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(orders(replay, plot))
    def ends_alike(order: list[Arrival]) -> None:
        seen.append(order)
        assert replay.outcome(*order) == expected

    ends_alike()
    tried(ROLLED_BACK, len(seen))
