"""The back office: jobs as their schedule has them, payouts, settlements by two people, and months that are closed."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from bookings.models import Booking, Operator
from core import jobs
from core.actors import acting_as
from core.models import StatusChange
from finance.actions.decide import approve, give_back, pay, void
from finance.actions.draft import draft
from finance.models import Settlement
from ledger.actions.adjust import adjust
from ledger.actions.close_period import close_period
from tests.finance.simulation.banks import Banks
from tests.finance.simulation.scene import Scene
from tests.finance.simulation.settlements_of_its_own import Settled
from tests.finance.simulation.terms import MARKETS, Terms

CLERK, CHIEF = "user:1", "user:2"
NOTE = "Agreed by telephone."


class Office:
    """Who works there."""

    def __init__(self, scene: Scene, banks: Banks) -> None:
        self._scene, self._banks = scene, banks
        self._operators = {one.code: one for one in Operator.objects.all()}

    def plan(self, first: date, last: date, weeks: int) -> None:
        """The work of the days from first to last; so many weeks from one comparison and one payout to the next."""
        day, agenda = first, self._scene.agenda
        while day <= last:
            if day.weekday() == 6 and (last - day).days // 7 % weeks == 0:
                agenda.put(_at(day, 4, 20), self.compare)
                agenda.put(_at(day, 8, 20), self.pay_out)
            if day.day == 1:
                agenda.put(_at(day, 3, 0), self.calculate, (day - timedelta(days=1)).replace(day=1))
            if day.day == 6:
                agenda.put(_at(day, 12, 20), self.close, day)
            if day.day in (11, 23):
                agenda.put(_at(day, 12, 20), self.adjust)
            day += timedelta(days=1)

    # ----------------------------------------------------------------------------------------------------------- jobs
    def earn(self) -> None:
        """Trips leave."""
        left = {id(sale) for sale in self._scene.books.travellers_left(self._scene.now)}
        ours = {case.booking_id for case in self._scene.cases.values() if id(case.sale) in left}
        before = StatusChange.objects.order_by("-id").values_list("id", flat=True).first() or 0
        ran = jobs.run("earn_departed")
        over = StatusChange.objects.filter(id__gt=before, subject_type="bookings.booking")
        completed = {int(one) for one in over.values_list("subject_id", flat=True)}
        assert ran["unearned"] == 0
        assert completed == ours, self._stories(completed ^ ours)

    def _stories(self, booking_ids: set[int]) -> str:
        """What the product and the reckoning know of bookings about which they do not agree."""
        stories = []
        for booking_id in sorted(booking_ids):
            booking = Booking.objects.select_related("boarding").get(pk=booking_id)
            changes = StatusChange.objects.filter(subject_type="bookings.booking", subject_id=str(booking_id))
            told = [
                f"{booking.reference} is {booking.status}, now {self._scene.now}, leaves {booking.boarding.departs_at}",
                f"held at {booking.created_at} until {booking.expires_at}",
                *map(str, changes.order_by("id").values_list("to_status", "at", "reason")),
                *map(str, booking.payments.values_list("id", "status", "created_at", "last_error")),
                str(self._scene.cases.get(booking_id)),
            ]
            stories.append("\n  ".join(told))
        return "\n".join(stories)

    def end_holds(self) -> None:
        """Holds end; whoever paid meanwhile keeps the seats."""
        assert jobs.run("expire_holds")["failed"] == 0

    def compare(self) -> None:
        """What got lost is found: with every gateway's answers, and on every line of the balance."""
        found = jobs.run("reconcile_payments", limit=0, lookback_days=1)
        self._scene.figures["mended by reconciliation"] += found["fixed"]
        assert found["failed"] == 0, found["details"]
        lines = jobs.run("match_payouts")
        assert (lines["failed"], lines["suspense"]) == (0, 0)
        self._scene.figures["lines of balances"] += lines["lines"]
        self._banks.heard_of_all()
        jobs.run("checkpoint_ledger")

    # --------------------------------------------------------------------------------------------------------- payouts
    def pay_out(self) -> None:
        """Stripe pays out what it holds, and takes a fee of its own now and then."""
        scene = self._scene
        for currency in MARKETS:
            if scene.happens(0.1):
                scene.sandbox.book("stripe_fee", -10 * scene.chance.randint(1, 99), currency.lower())
                (line,) = scene.sandbox.objects("balance_transactions", limit=1)
                scene.books.gateway_kept("stripe", currency, -line["net"])
            if scene.books.balances[currency]["gateway:stripe:clearing"] <= 0:
                continue
            payout = scene.sandbox.pay_out(currency.lower())
            scene.figures["payouts"] += 1
            scene.books.payout_left(currency, payout["amount"])
            scene.agenda.put(scene.later(2), self._arrives, payout["id"], currency, payout["amount"])

    def _arrives(self, payout_id: str, currency: str, amount: int) -> None:
        scene = self._scene
        outcome = scene.chance.choices(["arrives", "fails", "comes back"], [90, 6, 4])[0]
        scene.sandbox.settle_payout(payout_id, success=outcome != "fails")
        if outcome == "fails":
            scene.figures["payouts that failed"] += 1
            scene.books.payout_left(currency, -amount)
            return
        scene.books.payout_arrived(currency, amount)
        if outcome == "comes back":
            scene.agenda.put(scene.later(scene.chance.uniform(1, 5)), self._comes_back, payout_id, currency, amount)

    def _comes_back(self, payout_id: str, currency: str, amount: int) -> None:
        self._scene.sandbox.settle_payout(payout_id, success=False)
        self._scene.figures["payouts that failed"] += 1
        self._scene.books.payout_arrived(currency, -amount)
        self._scene.books.payout_left(currency, -amount)

    # ----------------------------------------------------------------------------------------------------- settlements
    def calculate(self, month: date) -> None:
        """Draft the month that has ended, here and in our own books; then people decide."""
        counts = jobs.run("calculate_settlements", month=f"{month:%Y-%m}")
        released = drafted = 0
        for terms in self._scene.world.terms:
            released += self._release(terms, month)
            drafted += self._draft(terms, month)
        assert counts == {"drafts": drafted, "released": released, "unsettled": 0}

    def _release(self, terms: Terms, month: date) -> int:
        books = self._scene.books
        found = books.of_operator(terms.code).release(month, terms.reserve_months)
        for one in found:
            amount = one.reserve
            books.settled(terms.code, terms.currency, debit="reserve", credit="payable", amount=amount)
            books.of_operator(terms.code).post(self._scene.now, "reserve", amount, 0, 0)
        return len(found)

    def _draft(self, terms: Terms, month: date) -> bool:
        """In our own books; and what people do with it."""
        scene = self._scene
        drafted = scene.books.of_operator(terms.code).draft(month, terms.reserve_bps)
        if drafted is None:
            return False
        if scene.happens(0.08):
            scene.agenda.put(scene.later(1), self._void, terms, drafted)
        else:
            scene.agenda.put(scene.later(2), self._approve, terms, drafted)
        return True

    def _void(self, terms: Terms, drafted: Settled) -> None:
        """A draft is thrown away and made again."""
        void(self._of(terms, drafted).pk, reason=NOTE)
        self._scene.figures["settlements void"] += 1
        self._scene.books.of_operator(terms.code).give_up(drafted, "void")
        self._make_again(terms, drafted.month)

    def _make_again(self, terms: Terms, month: date) -> None:
        again = draft(self._operators[terms.code].pk, month)
        own = self._scene.books.of_operator(terms.code).draft(month, terms.reserve_bps)
        assert (again is None) == (own is None)
        if own is not None:
            self._scene.agenda.put(self._scene.later(1), self._approve, terms, own)

    def _approve(self, terms: Terms, drafted: Settled) -> None:
        settlement, books = self._of(terms, drafted), self._scene.books
        found = Counter(settlement.lines.filter(carried_from=None).values_list("kind", "net"))
        own = Counter((one.kind, one.operator) for one in drafted.posted)
        assert found == own, f"{settlement}: only here {found - own}, only by our own reckoning {own - found}"
        assert settlement.due.amount == drafted.due, str(settlement)
        with acting_as(CLERK):
            approve(settlement.pk, total=settlement.total, due=settlement.due)
        drafted.status = "approved"
        self._scene.figures["settlements approved"] += 1
        if drafted.comes_to > 0:
            books.settled(terms.code, terms.currency, debit="payable", credit="due", amount=drafted.due)
            books.settled(terms.code, terms.currency, debit="payable", credit="reserve", amount=drafted.reserve)
        if drafted.due:
            then = self._withdraw if self._scene.happens(0.04) else self._pay
            self._scene.agenda.put(self._scene.later(1), then, terms, drafted)

    def _withdraw(self, terms: Terms, approved: Settled) -> None:
        """The approval was an error; it is made again."""
        void(self._of(terms, approved).pk, reason=NOTE)
        self._scene.figures["approvals taken back"] += 1
        self._reopened(terms, approved, "void", came_from="due")
        self._make_again(terms, approved.month)

    def _pay(self, terms: Terms, drafted: Settled) -> None:
        with acting_as(CHIEF):
            settlement = self._of(terms, drafted)
            pay(settlement.pk, transfer=f"TRF {settlement.pk}")
        drafted.status = "paid"
        scene = self._scene
        scene.figures["settlements paid"] += 1
        scene.books.settled(terms.code, terms.currency, debit="due", credit="bank", amount=drafted.due)
        if scene.happens(0.06):
            scene.agenda.put(scene.later(4), self._returned, terms, drafted)

    def _returned(self, terms: Terms, paid: Settled) -> None:
        """The operator's bank sends it back; it is made again, or left to the next month."""
        with acting_as(CLERK):
            give_back(self._of(terms, paid).pk, reason=NOTE)
        scene = self._scene
        scene.figures["settlements returned"] += 1
        self._reopened(terms, paid, "returned", came_from="bank")
        if scene.happens(0.6):
            scene.agenda.put(scene.later(2), self._make_again, terms, paid.month)

    def _reopened(self, terms: Terms, given_up: Settled, status: str, *, came_from: str) -> None:
        """What was due, or paid, and what was held back are to be settled again."""
        books = self._scene.books
        books.settled(terms.code, terms.currency, debit=came_from, credit="payable", amount=given_up.due)
        books.settled(terms.code, terms.currency, debit="reserve", credit="payable", amount=given_up.reserve)
        books.of_operator(terms.code).give_up(given_up, status)

    def _of(self, terms: Terms, own: Settled) -> Settlement:
        """The product's settlement that is in the same place of the same operator's."""
        place = self._scene.books.of_operator(terms.code).settlements.index(own)
        return Settlement.objects.filter(operator=self._operators[terms.code]).order_by("pk")[place]

    # ---------------------------------------------------------------------------------------------------------- books
    def adjust(self) -> None:
        """Staff owe an operator some more, or some less, by hand."""
        scene = self._scene
        terms = scene.chance.choice(scene.world.terms)
        account = f"operator:{terms.code}:payable"
        earnings = scene.books.of_operator(terms.code)
        if not (earnings.unsettled or earnings.settlements):
            return  # a slip of the hand opens no account
        against = scene.chance.choice(["platform:goodwill", "platform:commission"])
        amount = scene.chance.choice([-1, 1]) * 10 * scene.chance.randint(1, 400)
        debit, credit = (against, account) if amount > 0 else (account, against)
        adjust(currency=terms.currency, debit=debit, credit=credit, amount=abs(amount), reason=NOTE)
        scene.figures["adjustments"] += 1
        scene.books.adjusted(terms.code, terms.currency, against, amount, scene.now)

    def close(self, day: date) -> None:
        """Nothing is posted into the month before any more."""
        close_period(day.replace(day=1) - timedelta(days=1), reason=NOTE)
        self._scene.figures["months closed"] += 1


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
