"""Refunds on their way: sent by the job, arrived or not, and what staff do about those that came back."""

from dataclasses import dataclass

from core import jobs
from payments.actions.give_back import pay_by_hand, replace, try_again
from payments.models import RefundAttempt, RefundReason
from tests.finance.simulation.fates import NOTE, Fates
from tests.finance.simulation.scene import Case, Scene


@dataclass(frozen=True)
class Sent:
    """A refund as the gateway knows it."""

    case: Case
    charge_id: str  # perhaps not the one that paid the booking: it was paid twice
    refund_id: int
    gateway: str
    gateway_refund_id: str
    amount: int


class Refunds:
    """All that goes back through a gateway."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._last = 0

    def send(self) -> None:
        """The job runs; gateways pay at once, take their time, or (Flutterwave) fail. What went is what was owed."""
        scene = self._scene
        outcome = scene.chance.choices(["paid", "pending", "failing"], [80, 14, 6])[0]
        stripe = "succeeded" if outcome == "paid" else "pending"
        flutterwave = "completed" if outcome == "paid" else outcome
        scene.sandbox.mode(refund_outcome=stripe, flutterwave_refund_outcome=flutterwave)
        jobs.run("process_refunds")
        made = RefundAttempt.objects.filter(pk__gt=self._last).exclude(refund__reason=RefundReason.GATEWAY)
        for attempt in made.select_related("refund__payment").order_by("pk"):
            self._last = attempt.pk
            refund, case = attempt.refund, scene.cases[attempt.refund.payment.booking_id]
            scene.owed.remove((case.booking_id, refund.amount))
            scene.books.sent(case.sale, refund.amount)
            scene.figures["refunds"] += 1
            assert attempt.gateway_refund_id, f"{attempt} was not sent"
            charge_id = str(refund.payment.charge_id)
            sent = Sent(case, charge_id, refund.pk, attempt.gateway, attempt.gateway_refund_id, refund.amount)
            self._goes_on(sent, outcome)

    def _goes_on(self, sent: Sent, outcome: str) -> None:
        """Whether it arrives is known now, in some days, or in some weeks."""
        scene, is_calm = self._scene, sent.case.is_calm
        if outcome == "failing" and sent.gateway == "flutterwave":
            self._came_back(sent)
        elif outcome == "paid":
            if sent.gateway == "stripe" and not is_calm and scene.happens(0.05):
                scene.agenda.put(scene.later(scene.chance.uniform(1, 25)), self._settle, sent, False)
        else:
            arrives = is_calm or scene.happens(0.7)
            scene.agenda.put(scene.later(scene.chance.uniform(0, 6)), self._settle, sent, arrives)

    def _settle(self, sent: Sent, arrives: bool) -> None:
        sandbox = self._scene.sandbox
        if sent.gateway == "stripe":
            sandbox.settle_refund(sent.gateway_refund_id, success=arrives)
        else:
            sandbox.control(f"flutterwave/refunds/{sent.gateway_refund_id}/settle", success=arrives)
        if not arrives:
            self._came_back(sent)

    def _came_back(self, sent: Sent) -> None:
        scene = self._scene
        scene.figures["refunds that came back"] += 1
        scene.books.came_back(sent.case.sale, sent.amount)
        ways = [self._again, self._by_hand, self._in_dashboard if sent.gateway == "stripe" else self._again]
        (way,) = scene.chance.choices(ways, [60, 25, 15])
        scene.agenda.put(scene.later(scene.chance.uniform(1, 4)), way, sent)

    def _again(self, sent: Sent) -> None:
        try_again(sent.refund_id, note=NOTE)
        self._scene.owe(sent.case, sent.amount)

    def _by_hand(self, sent: Sent) -> None:
        pay_by_hand(sent.refund_id, note=NOTE)
        self._scene.figures["refunds by hand"] += 1
        self._scene.books.paid_by_hand(sent.case.sale, sent.amount)

    def _in_dashboard(self, sent: Sent) -> None:
        """Somebody pays it once more in the dashboard, and says so when the books have heard of that."""
        self._scene.prompt.add(sent.charge_id)
        Fates.pay_back_there(self._scene, sent.case.sale.gateway, sent.charge_id, sent.amount)
        self._scene.books.made_in_dashboard(sent.case.sale, sent.amount)
        self._scene.agenda.put(self._scene.later(0.1), self._replaced, sent)

    def _replaced(self, sent: Sent) -> None:
        replace(sent.refund_id, note=NOTE)
        self._scene.figures["refunds replaced"] += 1
        self._scene.books.was_for_one_that_failed(sent.case.sale, sent.amount)
