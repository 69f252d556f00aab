"""What all parts of the simulated year share: chance, clock, gateways, books of its own, and what was counted."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from payments.models import Payment
from tests.finance.simulation.agenda import Agenda
from tests.finance.simulation.ledger_of_its_own import OwnLedger
from tests.finance.simulation.sales import Sale
from tests.finance.simulation.world import Plan, World


@dataclass
class Case:
    """A booking whose seats were asked for: as the product names it, and as the reckoning knows it."""

    plan: Plan
    sale: Sale
    booking_id: int
    payment_id: UUID | None = None
    session_id: str = ""
    by_card: bool = True  # else nobody can ask a bank for it
    is_calm: bool = False  # refunds of it arrive, and news of it come at once: other things happen to it

    @property
    def charge_id(self) -> str:
        """As the gateway names what paid it."""
        return str(Payment.objects.values_list("charge_id", flat=True).get(pk=self.payment_id))


@dataclass
class Scene:
    """The stage."""

    chance: random.Random
    sandbox: Any
    world: World
    agenda: Agenda
    books: OwnLedger
    now: datetime
    figures: Counter[str] = field(default_factory=Counter)
    cases: dict[int, Case] = field(default_factory=dict)  # by booking, those that were paid
    prompt: set[str] = field(default_factory=set)  # charges of which everything is told at once
    owed: list[tuple[int, int]] = field(default_factory=list)  # booking and amount of refunds that are to be sent

    def happens(self, probability: float) -> bool:
        """By chance."""
        return self.chance.random() < probability

    def later(self, days: float) -> datetime:
        """One of the moments, so many days from now or a little more."""
        return self.agenda.slot_after(self.now + timedelta(days=days))

    def before(self, end: datetime) -> datetime | None:
        """One of the moments between now and then; None: there is none."""
        hours = (end - self.now) / timedelta(hours=1)
        chosen = self.agenda.slot_after(self.now + timedelta(hours=self.chance.random() * hours))
        first = self.agenda.slot_after(self.now)
        return chosen if chosen < end else first if first < end else None

    def owe(self, case: Case, amount: int) -> None:
        """A refund is to be sent."""
        if amount:
            self.owed.append((case.booking_id, amount))

    def payable_part(self, amount: int, currency: str) -> int:
        """A part of an amount, such as can be sent."""
        chosen = self.chance.randint(1, max(1, amount // 2))
        return max(10, chosen // 10 * 10) if currency == "KWD" else chosen
