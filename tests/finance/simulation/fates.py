"""What becomes of a booking after it was paid: travellers give up, staff decide, and somebody is not at the stop."""

from datetime import timedelta
from uuid import UUID

from bookings.actions.cancel_trip import cancel_trip
from payments.actions.after_departure import give_back_earned, mark_no_shows
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import account_as_courtesy, give_courtesy
from payments.models import Refund, RefundReason
from tests.finance.simulation.banks import Banks
from tests.finance.simulation.rounding import half_up
from tests.finance.simulation.sales import Fraction, payable
from tests.finance.simulation.scene import Case, Scene
from tests.finance.simulation.world import Plan

NOTE = "Somebody said so."
# In how many of a thousand bookings; they travel unless something else is said. In a small year more happens.
FATES = {
    "travels": (610, 210),
    "gives_up": (75, 80),
    "gives_up_a_part": (50, 60),
    "gives_up_bit_by_bit": (20, 50),
    "gives_up_in_full": (35, 40),
    "gets_a_courtesy": (25, 30),
    "gets_a_courtesy_and_gives_up": (10, 40),
    "was_refunded_in_the_dashboard": (10, 40),
    "was_refunded_there_and_gives_up": (10, 40),
    "does_not_show_up": (45, 60),
    "complains": (40, 50),
    "complains_and_was_refunded_there": (10, 40),
    "disputes_before": (15, 70),
    "disputes_after": (25, 70),
    "disputes_months_after": (10, 40),
    "disputes_the_rest": (5, 40),
    "wins_nothing_and_gives_up": (5, 40),
}
OF_CANCELLED_TRIPS = ("travels", "gives_up_a_part", "gets_a_courtesy")
DISPUTED = tuple(name for name in FATES if "dispute" in name or "wins" in name)


class Fates:
    """Draws the fate of each booking as it is paid, and lets it come true."""

    def __init__(self, scene: Scene, banks: Banks, *, small: bool) -> None:
        self._scene, self._banks, self._column = scene, banks, int(small)

    def of(self, case: Case) -> None:
        """Chance decides."""
        names = list(FATES)
        if case.plan.cancelled:
            names = list(OF_CANCELLED_TRIPS)
        elif case.sale.gateway != "stripe" or not case.by_card:
            names = [name for name in FATES if name not in DISPUTED]
        (name,) = self._scene.chance.choices(names, [FATES[one][self._column] for one in names])
        self._scene.figures[f"fate {name}"] += 1
        getattr(self, f"_{name}")(case)

    def trip_is_cancelled(self, plan: Plan) -> None:
        """It does not run: whoever is still on it gets everything back."""
        if plan.trip is None:
            return
        scene = self._scene
        cancel_trip(plan.trip.pk, reason="Storm")
        scene.figures["trips cancelled"] += 1
        for case in scene.cases.values():
            if case.plan is plan and case.sale.is_sold and case.sale.seats:
                owed = scene.books.cancelled(case.sale, list(case.sale.seats), scene.now, in_full=True)
                scene.owe(case, owed)

    # ------------------------------------------------------------------------------------------------------ they travel
    def _travels(self, case: Case) -> None:
        """Nothing happens to it."""

    def _gives_up(self, case: Case) -> None:
        self._before(case, self._cancel, 1.0, False)

    def _gives_up_a_part(self, case: Case) -> None:
        self._before(case, self._cancel, 0.5, False)

    def _gives_up_bit_by_bit(self, case: Case) -> None:
        self._before(case, self._cancel, 0.5, False)
        self._before(case, self._cancel, 1.0, False)

    def _gives_up_in_full(self, case: Case) -> None:
        self._before(case, self._cancel, self._scene.chance.choice([0.5, 1.0]), True)

    def _gets_a_courtesy(self, case: Case) -> None:
        self._before(case, self._courtesy)

    def _gets_a_courtesy_and_gives_up(self, case: Case) -> None:
        self._before(case, self._courtesy)
        self._before(case, self._cancel, 1.0, self._scene.happens(0.6))

    def _was_refunded_in_the_dashboard(self, case: Case) -> None:
        self._before(case, self._dashboard)
        self._after(case, 3, 9, self._explain)

    def _was_refunded_there_and_gives_up(self, case: Case) -> None:
        case.is_calm = True
        if moment := self._scene.before(case.sale.leaves - timedelta(days=1, hours=4)):
            self._scene.agenda.put(moment, self._dashboard, case)
            self._scene.agenda.put(moment + timedelta(hours=25), self._cancel, case, 1.0, self._scene.happens(0.5))

    def _does_not_show_up(self, case: Case) -> None:
        self._after(case, 1, 5, self._no_show)

    def _complains(self, case: Case) -> None:
        self._after(case, 1, 50, self._give_back)

    def _complains_and_was_refunded_there(self, case: Case) -> None:
        self._after(case, 1, 3, self._dashboard)
        self._after(case, 5, 9, self._give_back)

    def _disputes_before(self, case: Case) -> None:
        case.is_calm = True
        self._before(case, self._banks.ask)

    def _disputes_after(self, case: Case) -> None:
        case.is_calm = True
        self._after(case, 1, 12, self._banks.ask)

    def _disputes_months_after(self, case: Case) -> None:
        case.is_calm = True
        self._after(case, 33, 60, self._banks.ask)

    def _disputes_the_rest(self, case: Case) -> None:
        """What is left after a part was given up."""
        case.is_calm = True
        self._before(case, self._cancel, 0.5, False)
        self._after(case, 2, 20, self._banks.ask)

    def _wins_nothing_and_gives_up(self, case: Case) -> None:
        """The bank decides for us, and then the seats are given up as if nothing had been."""
        case.is_calm = True
        if case.sale.leaves - self._scene.now > timedelta(days=1):
            about = (self._cancel, 1.0, self._scene.happens(0.5))
            self._scene.agenda.put(self._scene.later(0.1), self._banks.ask_in_vain, case, *about)

    def _before(self, case: Case, deed: object, *about: object) -> None:
        if moment := self._scene.before(case.sale.leaves - timedelta(hours=1)):
            self._scene.agenda.put(moment, deed, case, *about)

    def _after(self, case: Case, first: float, last: float, deed: object) -> None:
        moment = case.sale.leaves + timedelta(days=self._scene.chance.uniform(first, last))
        later = self._scene.later((moment - self._scene.now) / timedelta(days=1))
        self._scene.agenda.put(later, deed, case)

    # ------------------------------------------------------------------------------------------------------------ deeds
    def _cancel(self, case: Case, share: float, in_full: bool) -> None:
        scene, seats = self._scene, list(case.sale.seats)
        if not seats or case.sale.is_over or case.sale.leaves <= scene.now:
            return
        chosen = seats if share == 1 else scene.chance.sample(seats, max(1, len(seats) // 2))
        chosen = [seat for seat in seats if seat in chosen]
        cancel(case.booking_id, Wish(seats=chosen, in_full=in_full))
        scene.figures["cancellations"] += 1
        scene.owe(case, scene.books.cancelled(case.sale, chosen, scene.now, in_full=in_full))

    def _courtesy(self, case: Case) -> None:
        amount = self._scene.payable_part(case.sale.spare, case.sale.terms.currency)
        if amount > case.sale.spare or case.payment_id is None:
            return
        give_courtesy(case.payment_id, amount, note=NOTE)
        self._scene.figures["courtesies"] += 1
        self._scene.books.courtesy(case.sale, amount)
        self._scene.owe(case, amount)

    def _dashboard(self, case: Case) -> None:
        """Somebody pays a part back in the gateway's dashboard, and we hear of it: staff will go by that."""
        self._scene.prompt.add(case.charge_id)
        amount = self._scene.payable_part(case.sale.spare, case.sale.terms.currency)
        if amount > case.sale.spare:
            return
        self.pay_back_there(self._scene, case.sale.gateway, case.charge_id, amount)
        self._scene.books.made_in_dashboard(case.sale, amount)

    @staticmethod
    def pay_back_there(scene: Scene, gateway: str, charge_id: str, amount: int) -> None:
        """So much of a charge, in the gateway's dashboard."""
        scene.figures["refunds made in dashboards"] += 1
        scene.sandbox.mode(refund_outcome="succeeded", flutterwave_refund_outcome="completed")
        if gateway == "stripe":
            scene.sandbox.refund_in_dashboard(charge_id, amount)
        else:
            major = f"{amount // 100}.{amount % 100:02}"
            scene.sandbox.control("flutterwave/refund", transaction=charge_id, amount=major)

    def _explain(self, case: Case) -> None:
        """It was a courtesy, if the books have heard of it."""
        assert case.payment_id is not None
        for refund in self.made_there(case.payment_id):
            account_as_courtesy(refund.pk, note=NOTE)
            self._scene.books.was_a_courtesy(case.sale, refund.amount)

    @staticmethod
    def made_there(payment_id: UUID) -> list[Refund]:
        """Those that nobody has explained."""
        return list(Refund.objects.filter(payment_id=payment_id, reason=RefundReason.GATEWAY, accounted=False))

    def _no_show(self, case: Case) -> None:
        sale, scene = case.sale, self._scene
        if not sale.is_over:
            return
        missing = scene.chance.sample(list(sale.seats), scene.chance.randint(1, len(sale.seats)))
        mark_no_shows(case.booking_id, missing, reason=NOTE)
        scene.figures["no-shows"] += len(missing)
        currency, percent = sale.terms.currency, sale.terms.no_show_percent
        due = [payable(half_up(Fraction(sale.seats[one].price * percent, 100)), currency) for one in missing]
        scene.owe(case, sum(scene.books.given_back(sale, one, scene.now, limit=True) for one in due))

    def _give_back(self, case: Case) -> None:
        """Staff pay back a part of what was earned."""
        sale, scene = case.sale, self._scene
        amount = scene.payable_part(sum(sale.held.values()), sale.terms.currency)
        if not sale.is_over or amount > min(sum(sale.held.values()), sale.spare + sale.unexplained):
            return
        give_back_earned(case.booking_id, amount, note=NOTE)
        scene.figures["refunds after departure"] += 1
        scene.owe(case, scene.books.given_back(sale, amount, scene.now))
