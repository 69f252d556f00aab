"""The same scenarios with real commits: the sandbox delivers to a real web server, shuffled, doubled and with gaps."""

from random import Random

import pytest

from core import jobs
from payments.actions.reconcile import reconcile_one
from tests.payments.orders import COMMITTED
from tests.payments.orders.conftest import assert_as_plotted
from tests.payments.orders.outcome import Outcome, namings, outcome
from tests.payments.orders.plots import PLOTS, Plot
from tests.payments.orders.stage import Stage
from tests.payments.scene import fresh
from tests.services import Sandbox
from tests.world import make_trip

ORDERS = 4  # of each scenario


@pytest.mark.parametrize("plot", PLOTS, ids=str)
def test_orders_over_http_end_alike(web, sandbox, plot, tried):
    outcomes = []
    for number in range(ORDERS):
        sandbox.reset(f"{web}/webhooks/stripe")
        outcomes.append(play(plot, sandbox, number))
        assert_as_plotted(outcomes[-1], plot, sandbox)
    assert len(set(outcomes)) == 1
    tried(COMMITTED, ORDERS)


def play(plot: Plot, sandbox: Sandbox, number: int) -> Outcome:
    """What comes of the scenario if its events arrive in the order of their making, or else as the dice fall."""
    sandbox.mode(delivery="drop", charge_updated_delay_seconds=86_400)
    stage = Stage(sandbox, make_trip(number=f"T{number}"))
    plot.play(stage)
    events, dice = [event["id"] for event in sandbox.events()], Random(f"{plot} {number}")
    if number:
        dice.shuffle(events)
    lost = dice.randrange(len(events)) if number > 1 else 0
    for event in [*events[lost:], *dice.choices(events[lost:], k=2)]:
        copies = dice.choice([1, 1, 3])
        assert sandbox.deliver(event, copies, concurrently=True) == [200] * copies
    if lost or plot.open_end:
        for payment in stage.payments:
            assert {found.outcome for found in reconcile_one(fresh(payment))} <= {"fixed"}
            assert reconcile_one(fresh(payment)) == []
    assert jobs.run("expire_holds")["failed"] == 0
    return outcome(stage, namings(stage), without=plot.by_chance)
