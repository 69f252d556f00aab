"""A year of business on twenty operators, from one seed."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.clock import Clock
from tests.finance.simulation.agenda import Agenda
from tests.finance.simulation.banks import Banks
from tests.finance.simulation.fates import Fates
from tests.finance.simulation.ledger_of_its_own import OwnLedger
from tests.finance.simulation.office import Office
from tests.finance.simulation.post import Post
from tests.finance.simulation.refunds import Refunds
from tests.finance.simulation.scene import Case, Scene
from tests.finance.simulation.terms import draw
from tests.finance.simulation.travellers import Travellers
from tests.finance.simulation.world import Plan, World, plan_trips

YEAR = 2027
NEW_YEAR = datetime(YEAR, 1, 1, 0, 30, tzinfo=UTC)
END = date(YEAR + 1, 4, 30)  # by then banks have decided about the last trips, and all of that is settled
HOLD_OVER = timedelta(minutes=21)
SEATS_OF_A_TRIP = 18  # bookings at most: of up to four of its eighty seats


class Year:
    """All of it: `pass_by` lets it happen. In a `small` one more befalls each booking, and the office works less."""

    def __init__(self, sandbox: Any, clock: Clock, *, bookings: int, seed: int, small: bool) -> None:
        chance = random.Random(seed)
        operators = draw(chance)
        # After each move of the clock PostgreSQL plans everything anew: few bookings are spread over few moments.
        agenda = Agenda(hours=(4, 16), days=2) if small else Agenda()
        self.scene = Scene(chance, sandbox, World(operators), agenda, OwnLedger(), NEW_YEAR)
        self._clock = clock
        self.banks = Banks(self.scene)
        self.office = Office(self.scene, self.banks)
        self.post = Post(self.scene, self.banks.heard)
        self._fates = Fates(self.scene, self.banks, small=small)
        self._refunds = Refunds(self.scene)
        self._travellers = Travellers(self.scene, self.post, self._sold, self._hold_ends, small=small)
        self._jobs: set[tuple[str, datetime]] = set()
        self._planned(plan_trips(chance, operators, max(3 * len(operators), bookings // 12), YEAR), bookings)
        self.office.plan(NEW_YEAR.date() + timedelta(days=1), END, 4 if small else 1)
        self.scene.agenda.put(datetime(YEAR, 7, 1, 0, 30, tzinfo=UTC), self._fees_come_back)

    def _planned(self, plans: list[Plan], bookings: int) -> None:
        """So many travellers ask for seats, some weeks to some hours before their trip leaves."""
        wanted = [0] * len(plans)
        for _booking in range(bookings):
            place = self.scene.chance.randrange(len(plans))
            while wanted[place] >= SEATS_OF_A_TRIP:
                place = (place + 1) % len(plans)
            wanted[place] += 1
        for plan, number in zip(plans, wanted, strict=True):
            leaves = plan.boards_at(0)
            for _booking in range(number):
                days = self.scene.chance.triangular(0.4, 40, 3)
                moment = leaves - timedelta(days=days)
                if moment < NEW_YEAR:  # nobody could buy then: some other time until the trip leaves
                    moment = NEW_YEAR + self.scene.chance.random() * (leaves - NEW_YEAR)
                self.scene.agenda.put(
                    min(self.scene.agenda.slot_after(moment), _last_sale(leaves)), self._travellers.ask, plan
                )
            if plan.cancelled:
                self.scene.agenda.put(leaves.astimezone(UTC) - timedelta(hours=2), self._fates.trip_is_cancelled, plan)

    def _sold(self, case: Case) -> None:
        self._fates.of(case)
        self._once("earn", self.scene.agenda.slot_after(case.sale.leaves), self.office.earn)

    def _hold_ends(self) -> None:
        self._once("end holds", self.scene.now + HOLD_OVER, self.office.end_holds)

    def _once(self, name: str, moment: datetime, job: Any) -> None:
        """A job runs at a moment, however many have a reason for it."""
        if (name, moment) not in self._jobs:
            self._jobs.add((name, moment))
            self.scene.agenda.put(moment, job)

    def _fees_come_back(self) -> None:
        """From now on the gateway gives its fee for a dispute back with the money."""
        self.banks.returns_fees = True
        self.scene.sandbox.mode(dispute_fee_returned=True)

    def pass_by(self, progress: Callable[["Year"], None]) -> None:
        """Everything happens, in its order, and what comes of it is told; at the end all of it is compared.

        `progress` is told every day that something happens, and at the end.
        """
        self._until_nothing_is_left(progress)
        self.scene.agenda.put(self.scene.later(1), self.office.compare)
        self.scene.agenda.put(self.scene.later(1.5), self._refunds.send)  # those that gateways still had are looked at
        self._until_nothing_is_left(progress)
        progress(self)

    def _until_nothing_is_left(self, progress: Callable[["Year"], None]) -> None:
        scene = self.scene
        while due := scene.agenda.take():
            moment, deeds = due
            if moment > datetime.now(UTC):
                self._clock.move_to(moment)
            if moment.date() != scene.now.date():
                progress(self)
            scene.now = moment
            for deed, about in deeds:
                deed(*about)
            self.post.collect()
            if scene.owed:
                self._refunds.send()
                self.post.collect()


def _last_sale(leaves: datetime) -> datetime:
    """The last moment at which somebody buys seats of a trip that leaves then.

    Before anything else happens to them, the job that asks about payments nobody told of has run (HOLD_OVER).
    """
    return leaves.astimezone(UTC) - timedelta(hours=3, minutes=10)
