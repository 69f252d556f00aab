"""Payers ask their banks, and banks decide: disputes, as they happen and as we hear of them."""

from dataclasses import dataclass

from tests.finance.simulation.agenda import DEED
from tests.finance.simulation.ledger_of_its_own import Quarrel
from tests.finance.simulation.scene import Case, Scene
from tests.finance.simulation.travellers import UNITS

FEE = 15  # whole units of the currency


@dataclass
class Asked:
    """A dispute at the gateway: what has happened there, in its order, and how much of that the books have heard."""

    dispute_id: str
    case: Case
    quarrel: Quarrel
    happened: list[str]
    fee_returned: int = 0
    heard: int = 0


class Banks:
    """All disputes of the year."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._asked: dict[str, Asked] = {}
        self.returns_fees = False  # whether the gateway gives its fee back with the money

    def ask(self, case: Case) -> None:
        """A payer asks the bank for all that was not paid back, or for a part of it; perhaps first as a question."""
        scene, spare = self._scene, case.sale.spare
        if spare <= 0:
            return
        whole = scene.happens(0.6)
        amount = None if whole else max(10, scene.chance.randint(1, spare) // 10 * 10)
        if amount is not None and amount > spare:
            amount = None
        asks_only = scene.happens(0.15)
        asked = self._open(case, amount, inquiry=asks_only)
        if asks_only and scene.happens(0.6):
            scene.agenda.put(scene.later(scene.chance.uniform(1, 20)), self._close, asked)
            return
        if asks_only:
            scene.agenda.put(scene.later(1), self._escalate, asked)
        outcome = scene.chance.choices(["won", "lost", "reinstated"], [35, 50, 15])[0]
        decided = scene.later(scene.chance.uniform(3, 30))
        scene.agenda.put(decided, self._decide, asked, outcome)

    def ask_in_vain(self, case: Case, then: DEED, *about: object) -> None:
        """A dispute that the bank decides for us; we hear of all of it at once, and then something happens."""
        scene = self._scene
        if case.sale.spare <= 0:
            return
        scene.prompt.add(case.charge_id)
        asked = self._open(case, None, inquiry=False)
        decided = scene.later(0.9)
        scene.agenda.put(decided, self._decide, asked, "won")
        scene.agenda.put(scene.agenda.slot_after(decided), then, case, *about)

    def _open(self, case: Case, amount: int | None, *, inquiry: bool) -> Asked:
        opened = self._scene.sandbox.dispute(case.charge_id, amount, inquiry=inquiry)
        quarrel = Quarrel(case.sale, amount or case.sale.spare)
        assert opened["amount"] == quarrel.amount
        asked = Asked(opened["id"], case, quarrel, [] if inquiry else ["withdrawn"])
        self._asked[asked.dispute_id] = asked
        self._scene.figures["inquiries" if inquiry else "disputes"] += 1
        return asked

    def _close(self, asked: Asked) -> None:
        self._scene.sandbox.move_dispute(asked.dispute_id, "warning_closed")

    def _escalate(self, asked: Asked) -> None:
        self._scene.sandbox.move_dispute(asked.dispute_id, "needs_response")
        asked.happened.append("withdrawn")
        self._scene.figures["disputes"] += 1

    def _decide(self, asked: Asked, outcome: str) -> None:
        self._scene.figures[f"disputes {outcome}"] += 1
        self._scene.sandbox.move_dispute(asked.dispute_id, "won" if outcome == "won" else "lost")
        asked.happened.append("won" if outcome == "won" else "lost")
        if outcome == "won":
            self._fee(asked)
        if outcome == "reinstated":
            moment = self._scene.later(self._scene.chance.uniform(2, 20))
            self._scene.agenda.put(moment, self._reinstate, asked)

    def _reinstate(self, asked: Asked) -> None:
        self._scene.sandbox.reinstate_dispute(asked.dispute_id)
        asked.happened.append("reinstated")
        self._fee(asked)

    def _fee(self, asked: Asked) -> None:
        asked.fee_returned = self._fee_of(asked) if self.returns_fees else 0

    def _fee_of(self, asked: Asked) -> int:
        return FEE * UNITS[asked.case.sale.terms.currency]

    def heard(self, dispute_id: str) -> None:
        """We were told to look at a dispute, and so know all that has happened to it by now."""
        asked, books, now = self._asked[dispute_id], self._scene.books, self._scene.now
        while asked.heard < len(asked.happened):
            match asked.happened[asked.heard]:
                case "withdrawn":
                    books.withdrawn(asked.quarrel, self._fee_of(asked))
                case "won":
                    books.won(asked.quarrel, asked.fee_returned)
                case "lost":
                    books.lost(asked.quarrel, now)
                case "reinstated":
                    books.reinstated_after_all(asked.quarrel, now, asked.fee_returned)
            asked.heard += 1

    def heard_of_all(self) -> None:
        """Every payment that a bank has not decided about was compared, and every line of the balance matched."""
        for dispute_id in self._asked:
            self.heard(dispute_id)
