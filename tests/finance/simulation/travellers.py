"""Travellers buy: at once, after a decline, late, twice, by a slow transfer, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

from bookings.actions.hold import Contact, Traveller, hold
from payments.actions.start import start_payment
from tests.finance.simulation.post import Post
from tests.finance.simulation.rounding import half_up
from tests.finance.simulation.sales import offered
from tests.finance.simulation.scene import Case, Scene
from tests.finance.simulation.world import Plan

CONTACT = Contact(email="layla@example.com")
# How they pay, in how many of a hundred; in a small year more goes another way.
WAYS = {
    "card": (88, 65),
    "declined": (3, 5),
    "abandoned": (2, 4),
    "late": (2, 5),
    "too_late": (1, 5),
    "twice": (1, 6),
    "transfer": (2, 8),
    "lapsed": (1, 2),
}
UNITS = {"SAR": 100, "NGN": 100, "KWD": 1_000, "JPY": 1}  # minor units of a whole one


class Travellers:
    """Who wants to travel. `sold` is told of every paid booking, `holds_end` of every hold that will end unpaid."""

    def __init__(
        self,
        scene: Scene,
        post: Post,
        sold: Callable[[Case], None],
        holds_end: Callable[[], None],
        *,
        small: bool,
    ) -> None:
        self._scene, self._post, self._column = scene, post, int(small)
        self._sold, self._holds_end = sold, holds_end

    def ask(self, plan: Plan) -> None:
        """One to four travellers want seats on a trip, between two of its stops."""
        case = self._held(plan, self._seats(plan), self._stretch(plan))
        weights = [one[self._column] for one in WAYS.values()]
        ways = ["card"] if plan.cancelled else self._scene.chance.choices(list(WAYS), weights)
        if ways == ["transfer"] and case.sale.leaves - self._scene.now < timedelta(days=2):
            ways = ["card"]
        self._scene.figures[f"way {ways[0]}"] += 1
        getattr(self, f"_{ways[0]}")(case)

    def _seats(self, plan: Plan) -> dict[str, str]:
        chance = self._scene.chance
        wanted = chance.choices([1, 2, 3, 4], [45, 35, 12, 8])[0]
        flexible = min(wanted, len(plan.free["flex"])) if self._scene.happens(0.15) else 0
        flexible = chance.randint(0, flexible) if self._scene.happens(0.3) else flexible
        seats = dict.fromkeys(plan.take("flex", flexible), "flex")
        return seats | dict.fromkeys(plan.take("standard", wanted - len(seats)), "standard")

    def _stretch(self, plan: Plan) -> tuple[int, int]:
        stops = len(plan.line.places)
        first = self._scene.chance.randrange(stops - 1)
        return first, self._scene.chance.randint(first + 1, stops - 1)

    def _held(self, plan: Plan, seats: dict[str, str], stretch: tuple[int, int]) -> Case:
        places, scene = plan.line.places, self._scene
        trip = scene.world.on_sale(plan)
        booking = hold(
            trip_id=trip.pk,
            origin=places[stretch[0]],
            destination=places[stretch[1]],
            seats=list(seats),
            contact=CONTACT,
            travellers=[Traveller(seat, f"Traveller {seat}") for seat in seats],
        )
        gateway = "flutterwave" if plan.terms.currency == "NGN" and scene.happens(0.85) else "stripe"
        sale = offered(plan.terms, plan.line, gateway, plan.boards_at(stretch[0]), stretch, seats)
        scene.figures["bookings"] += 1
        scene.figures["seats"] += len(seats)
        assert (booking.total.amount, booking.boarding.departs_at) == (sale.price, sale.leaves)
        return Case(plan, sale, booking.pk)

    # ------------------------------------------------------------------------------------------------------ ways to pay
    def _card(self, case: Case) -> None:
        self._start(case)
        self._pay(case)
        self._paid(case)

    def _declined(self, case: Case) -> None:
        self._start(case)
        self._pay(case, "declined")
        self._card_again(case)

    def _card_again(self, case: Case) -> None:
        self._pay(case)
        self._paid(case)

    def _abandoned(self, case: Case) -> None:
        self._start(case)
        self._holds_end()

    def _lapsed(self, _case: Case) -> None:
        self._holds_end()

    def _late(self, case: Case) -> None:
        """The hold ends, and then they pay: their seats are still free."""
        self._start(case)
        self._scene.agenda.put(self._scene.now + timedelta(minutes=17), self._card_again, case)
        self._holds_end()

    def _too_late(self, case: Case) -> None:
        """The hold ends, somebody else buys the same seats, and then they pay."""
        self._start(case)
        self._scene.agenda.put(self._scene.now + timedelta(minutes=17), self._overtaken, case)
        self._holds_end()

    def _overtaken(self, case: Case) -> None:
        places = case.plan.line.places
        stops = [place for place in range(len(places)) if case.plan.boards_at(place) == case.sale.leaves]
        classes = {seat: "flex" if int(seat[:-1]) >= 16 else "standard" for seat in case.sale.seats}
        rival = self._held(case.plan, classes, (stops[0], len(places) - 1))
        self._card(rival)
        self._post.collect()  # the rival's seats are sold before the others pay
        self._pay(case)
        self._in_vain(case)

    def _twice(self, case: Case) -> None:
        """A page that was left open takes the money once more."""
        self._start(case, sure=True)
        sandbox = self._scene.sandbox
        if case.sale.gateway == "flutterwave":
            self._pay(case)
        else:
            (copy,) = sandbox.copy_session(case.session_id, [{"payment_id": str(case.payment_id)}])
            sandbox.pay(copy)
        self._pay(case)
        self._paid(case)
        self._in_vain(case)

    def _transfer(self, case: Case) -> None:
        """A bank transfer, which takes a day, or never comes."""
        self._start(case, sure=True)
        case.by_card = False
        told = self._pay(case, "bank_transfer")
        self._scene.agenda.put(self._scene.now + timedelta(hours=20), self._transferred, case, told)

    def _transferred(self, case: Case, told: dict) -> None:
        arrives = self._scene.happens(0.85)
        if case.sale.gateway == "flutterwave":
            self._scene.sandbox.control("flutterwave/settle", transaction=str(told["id"]), success=arrives)
        else:
            self._scene.sandbox.control(f"sessions/{case.session_id}/settle", success=arrives)
        if arrives:
            self._paid(case)
        else:
            self._holds_end()

    # -------------------------------------------------------------------------------------------------------- steps
    def _start(self, case: Case, *, sure: bool = False) -> None:
        payment = start_payment(case.booking_id, case.sale.gateway).payment
        case.payment_id, case.session_id = payment.pk, payment.session_id
        self._post.way(payment.pk, sure=sure)

    def _pay(self, case: Case, method: str = "card") -> dict:
        sandbox = self._scene.sandbox
        if case.sale.gateway == "flutterwave":
            return sandbox.pay_flutterwave(case.session_id, method)
        sandbox.pay(case.session_id, method)
        return {}

    def _paid(self, case: Case) -> None:
        self._scene.books.paid(case.sale)
        self._fee(case)
        self._scene.cases[case.booking_id] = case
        self._sold(case)
        if self._post.ways[str(case.payment_id)] in ("late", "never", "mixed"):
            self._holds_end()  # the job asks the gateway before it ends one

    def _in_vain(self, case: Case) -> None:
        self._scene.books.paid_in_vain(case.sale, case.sale.price)
        self._fee(case)
        self._scene.owe(case, case.sale.price)
        self._scene.cases.setdefault(case.booking_id, case)
        self._holds_end()

    def _fee(self, case: Case) -> None:
        """What the sandbox keeps: 2.9 % and one unit at Stripe, 1.4 % at Flutterwave."""
        per_mille, fixed = (14, 0) if case.sale.gateway == "flutterwave" else (29, UNITS[case.sale.terms.currency])
        fee = half_up(Fraction(case.sale.price * per_mille, 1_000)) + fixed
        self._scene.books.gateway_kept(case.sale.gateway, case.sale.terms.currency, fee)
