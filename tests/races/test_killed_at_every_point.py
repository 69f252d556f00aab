"""kill -9 at every fault point of paying, refunding, cancelling, earning: no money is lost, nothing is doubled."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from django.urls import get_resolver

from core import faults
from tests.races.aftermath import assert_ended, settle
from tests.races.desk import desk
from tests.races.journey import Journey
from tests.races.machines import TRACED, Machines, machines_of
from tests.races.scenes import SCENES, Scene
from tests.races.trace import Trace, points_of
from tests.races.travellers import travellers

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = {
    scene.name: [point(step) for step in scene.steps for point in (faults.before, faults.after)] for scene in SCENES
}
DEADLY = {(scene.victim, point) for scene in SCENES for point in POINTS[scene.name]}

# Points that these use cases do not come to.
OTHERS = {
    "accounts.": "who signs in",
    "bookings.actions.hold.": "seats before there is a payment",
    "bookings.actions.name_passengers.": "seats before there is a payment",
    "bookings.actions.extend.": "seats before there is a payment",
    "bookings.actions.remind.": "seats before there is a payment",
    "bookings.actions.close_trip.": "the operator's trips",
    "bookings.actions.reopen_trip.": "the operator's trips",
    "bookings.actions.delay_trip.": "the operator's trips",
    "core.privacy.": "who is forgotten",
    "finance.": "what operators are paid",
    "ledger.": "the closing of the books",
    "payments.actions.explain.": "what staff know of a difference with the gateway",
    "payments.actions.forget.": "who is forgotten",
    "payments.actions.match_": "what the gateway sends to our bank",
    "payments.actions.payouts.": "what the gateway sends to our bank",
    "flutterwave end": "nothing ends a page there",
}


@pytest.fixture(scope="module")
def machines(django_db_setup, sandbox_process, tmp_path_factory) -> Iterator[Machines]:
    with machines_of(sandbox_process, tmp_path_factory.mktemp("machines")) as running:
        yield running


def play(scene: Scene, machines: Machines, fatal: Callable[[], AbstractContextManager[None]]) -> None:
    """A scene and all that comes after it."""
    machines.sandbox.mode(delivery="auto", charge_updated_delay_seconds=0)
    with travellers(machines.url, 1) as (traveller,), desk(machines.url) as clerk:
        journey = Journey(machines, traveller, clerk, fatal, gateway=scene.gateway)
        end = scene.play(journey)
        settle(journey)
        assert_ended(journey, end)
    machines.sandbox.reset()  # it must not tell the next test of this one


@pytest.mark.parametrize(
    ("scene", "point"),
    [pytest.param(scene, point, id=f"{scene.name}: {point}") for scene in SCENES for point in POINTS[scene.name]],
)
def test_killed(sandbox, machines, scene: Scene, point: str):
    kill = {"web": machines.killing_web, "worker": machines.killing_worker}[scene.victim]
    machines.get_ready()
    play(scene, machines, partial(kill, point))


# ---------------------------------------------------------------------------------------------------- nothing left out
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_undisturbed(sandbox, machines, scene: Scene):
    """It ends the same; everything that it comes to has a point around it, and every point a scene to die in."""
    machines.get_ready(TRACED)
    trace = Trace(machines.trace_file)
    play(scene, machines, partial(trace.watching, scene.victim, *POINTS[scene.name]))
    runs = trace.runs()
    assert [pair for run in runs for pair in run.unguarded] == []
    assert {(who, point) for who, point in points_of(runs) if not _is_other(point)} <= DEADLY


def test_no_point_lacks_a_scene():
    assert get_resolver().url_patterns, "everything that staff and travellers can do is loaded"
    assert {point for point in faults.points() if not _is_other(point)} == {point for _who, point in DEADLY}
    for other in OTHERS:
        assert any(_is_other(point, other) for point in faults.points())


def _is_other(point: str, *others: str) -> bool:
    # What tests declare for themselves is nobody's use case.
    return point.partition(" ")[2].startswith(others or (*OTHERS, "tests."))
