"""Every order of a scenario's news, of every age, with any of them lost and asked for later, ends alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.payments.orders import ROLLED_BACK
from tests.payments.orders.outcome import Outcome
from tests.payments.orders.plots import PLOTS
from tests.payments.orders.replay import Arrival, News, Replay, ask_guards, undone


@pytest.mark.parametrize("plot", PLOTS, ids=str)
def test_every_order_ends_alike(plot, replay, expected, tried):
    told = [*replay.events, *((one,) for one in (*replay.answers, replay.sweep))]
    news = [tuple(arrival for arrival in one if arrival.label.startswith(plot.every)) for one in told]
    walk = Walk(replay, expected, ask_at_the_end=plot.open_end)
    walk.on([one for one in news if one])
    tried(ROLLED_BACK, walk.tried)


@dataclass
class Walk:
    """All orders as a tree: what arrived first is done once for all orders that begin with it.

    At each node what has not arrived is lost, and we ask the gateway. Where all has arrived, what was first arrives
    once more, and we need not ask.
    """

    replay: Replay
    expected: Outcome
    ask_at_the_end: bool
    tried: int = 0

    def on(self, news: Sequence[News], *arrived: Arrival) -> None:
        """Go on from here, with these still to arrive."""
        rest = [] if news else [arrived[0].again]
        if news or self.ask_at_the_end:
            rest.append(self.replay.ask)
        assert self.replay.outcome(*rest) == self.expected, arrived
        self.tried += 1
        for place, one in enumerate(news):
            for arrival in one:
                with undone():
                    arrival.happen()
                    ask_guards()
                    self.on([*news[:place], *news[place + 1 :]], *arrived, arrival)
