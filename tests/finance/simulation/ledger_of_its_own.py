"""What the product's books should come to, reckoned beside it from what happened.

Every method is something that happened, told by whoever made it happen. Accounts are kept by currency, debit positive,
under the codes of the chart, which is all that the product and this have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.finance.simulation.sales import (
    EARNED,
    UNEARNED,
    Sale,
    goes_back,
    in_proportion,
    payable,
    shared,
    take_in_proportion,
)
from tests.finance.simulation.settlements_of_its_own import Earnings

CODES = {
    "unearned": "travellers:unearned",
    "tax": "tax:payable",
    "booking fee": "platform:booking_fees",
    "commission": "platform:commission",
    "tax on commission": "tax:commission",
}


@dataclass
class Quarrel:
    """A dispute, as far as the books were told of it."""

    sale: Sale
    amount: int
    withheld: int = 0
    fee: int = 0
    taken: Mapping[str, int] | None = None  # when it was lost: from where
    losses: int = 0


class OwnLedger:
    """Balances by currency and account, and what operators earned, by the moment at which it was posted."""

    def __init__(self) -> None:
        self.balances: dict[str, Counter[str]] = defaultdict(Counter)
        self.earnings: dict[str, Earnings] = {}
        self._to_leave: dict[int, Sale] = {}

    # ------------------------------------------------------------------------------------------------------- payments
    def paid(self, sale: Sale) -> None:
        """The money is at the gateway, and the seats are sold."""
        for seat in sale.seats.values():
            sale.held.update({"unearned": seat.fare, "tax": seat.tax, "booking fee": seat.fee})
        sale.is_sold, sale.spare = True, sale.price
        self._to_leave[id(sale)] = sale
        self._moved(sale, {clearing(sale): sale.price}, {name: sale.held[name] for name in UNEARNED})

    def paid_in_vain(self, sale: Sale, amount: int) -> None:
        """Money that the booking has no use for: it goes back whole."""
        self._book(sale.terms.currency, clearing(sale), "refunds:payable", amount)

    def gateway_kept(self, gateway: str, currency: str, fee: int) -> None:
        """Its fee for a charge, or one of its own."""
        self._book(currency, "platform:gateway_fees", f"gateway:{gateway}:clearing", fee)

    # -------------------------------------------------------------------------------------------------------- refunds
    def cancelled(self, sale: Sale, numbers: Iterable[str], moment: datetime, *, in_full: bool) -> int:
        """These seats are given up. Returns what is to be sent back for them."""
        owed: Counter[str] = Counter()
        kept = commission = 0
        for number in numbers:
            seat = sale.seats.pop(number)
            back = seat.price if in_full else goes_back(sale, seat, moment)
            fare, tax, fee = in_proportion(back, [seat.fare, seat.tax, seat.fee])
            owed.update({"unearned": fare, "tax": tax, "booking fee": fee})
            kept += seat.fare - fare
            commission += in_proportion(seat.commission, [seat.fare - fare, fare])[0]
        to_send = self._owed(sale, owed)
        if kept:
            self._earned(sale, moment, "cancellation", kept, commission)
        if not sale.seats:
            self._to_leave.pop(id(sale), None)
        return to_send

    def _owed(self, sale: Sale, taken: Mapping[str, int]) -> int:
        """What went back at the gateway already counts first; what is not left went back as a courtesy."""
        amount = sum(taken.values())
        by_hand = min(amount, sale.unexplained)
        to_send = min(amount - by_hand, sale.spare)
        sale.unexplained -= by_hand
        sale.spare -= to_send
        sale.held.subtract(taken)
        covered = {
            "refunds:payable": -to_send,
            "suspense": -by_hand,
            "platform:goodwill": to_send + by_hand - amount,
        }
        self._moved(sale, covered, {name: -part for name, part in taken.items()})
        return to_send

    def given_back(self, sale: Sale, amount: int, moment: datetime, *, limit: bool = False) -> int:
        """After departure so much goes back: in proportion from whoever earned it, our fee last. What is to be sent.

        `limit`: no more than the books still hold and the payment still has.
        """
        if limit:
            there = min(sum(sale.held.values()), sale.spare + sale.unexplained)
            amount = payable(min(amount, there), sale.terms.currency)
            if not amount:
                return 0
        by_hand = min(amount, sale.unexplained)
        taken, rest = take_in_proportion(sale, (*EARNED, "tax"), amount)
        sale.held["booking fee"] -= rest
        sale.unexplained -= by_hand
        sale.spare -= amount - by_hand
        taken["booking fee"] = rest
        covered = {"refunds:payable": by_hand - amount, "suspense": -by_hand}
        self._moved(sale, covered, {name: -part for name, part in taken.items()})
        self._earn_less(sale, moment, "refund", taken)
        return amount - by_hand

    def courtesy(self, sale: Sale, amount: int) -> None:
        """We pay so much back that nobody owes."""
        sale.spare -= amount
        self._book(sale.terms.currency, "platform:goodwill", "refunds:payable", amount)

    def made_in_dashboard(self, sale: Sale, amount: int) -> None:
        """Somebody paid so much back at the gateway itself, and nobody knows why."""
        sale.spare -= amount
        sale.unexplained += amount
        self._book(sale.terms.currency, "suspense", clearing(sale), amount)

    def was_a_courtesy(self, sale: Sale, amount: int) -> None:
        """It was one, that refund made at the gateway."""
        sale.unexplained -= amount
        self._book(sale.terms.currency, "platform:goodwill", "suspense", amount)

    def was_for_one_that_failed(self, sale: Sale, amount: int) -> None:
        """It was in place of a refund that had come back."""
        sale.unexplained -= amount
        sale.spare += amount  # one of the two that were going back is no more
        self._book(sale.terms.currency, "refunds:payable", "suspense", amount)

    def sent(self, sale: Sale, amount: int) -> None:
        """The gateway paid a refund."""
        self._book(sale.terms.currency, "refunds:payable", clearing(sale), amount)

    def came_back(self, sale: Sale, amount: int) -> None:
        """The payer's bank returned it: it is owed again."""
        self._book(sale.terms.currency, clearing(sale), "refunds:payable", amount)

    def paid_by_hand(self, sale: Sale, amount: int) -> None:
        """It went from our own bank instead."""
        self._book(sale.terms.currency, "refunds:payable", "bank", amount)

    # ------------------------------------------------------------------------------------------------------ departure
    def travellers_left(self, moment: datetime, sales: Iterable[Sale] | None = None) -> list[Sale]:
        """Whoever of these, or of all, has left by now has earned their operator its fares. Who they were."""
        asked = [self._to_leave.get(id(sale)) for sale in sales] if sales else list(self._to_leave.values())
        left = [sale for sale in asked if sale and sale.leaves <= moment]
        for sale in left:
            self._to_leave.pop(id(sale))
            sale.is_over = True
            self._earn_what_is_held(sale, moment)
        return left

    def _earn_what_is_held(self, sale: Sale, moment: datetime) -> None:
        left = sale.held["unearned"]
        if left <= 0:
            return
        fares = sum(seat.fare for seat in sale.seats.values())
        whole = sum(seat.commission for seat in sale.seats.values())
        there = min(left, fares)  # less if a bank took some of it before
        self._earned(sale, moment, "booking", left, in_proportion(whole, [there, fares - there])[0])

    def _earned(self, sale: Sale, moment: datetime, kind: str, fares: int, commission: int) -> None:
        parts = shared(sale, fares, commission)
        sale.held["unearned"] -= fares
        sale.held.update(parts)
        self._moved(sale, {}, {"unearned": -fares, **parts})
        self._of(sale).post(moment, kind, *(parts[name] for name in EARNED))

    def _earn_less(self, sale: Sale, moment: datetime, kind: str, taken: Mapping[str, int]) -> None:
        """An entry that takes nothing from the operator is none of its lines, whatever else it takes."""
        if taken.get("operator"):
            self._of(sale).post(moment, kind, *(-taken.get(name, 0) for name in EARNED))

    # ------------------------------------------------------------------------------------------------------- disputes
    def withdrawn(self, quarrel: Quarrel, fee: int) -> None:
        """The bank has the money, and the gateway its fee for that."""
        sale, currency = quarrel.sale, quarrel.sale.terms.currency
        quarrel.withheld, quarrel.fee = quarrel.amount, fee
        sale.spare -= quarrel.amount
        self._book(currency, f"gateway:{sale.gateway}:disputed", clearing(sale), quarrel.amount)
        self._book(currency, "platform:dispute_fees", clearing(sale), fee)

    def won(self, quarrel: Quarrel, fee_returned: int) -> None:
        """The bank gives it back, perhaps with the fee."""
        self._reinstated(quarrel)
        self._book(quarrel.sale.terms.currency, clearing(quarrel.sale), "platform:dispute_fees", fee_returned)

    def lost(self, quarrel: Quarrel, moment: datetime) -> None:
        """It is the payer's for good: from what the books hold for the booking, in its order; the rest is our loss."""
        sale, rest = quarrel.sale, quarrel.amount
        self.travellers_left(moment, [sale])  # who bears it does not depend on whether a job has looked
        taken: Counter[str] = Counter()
        for names in _who_bears(sale):
            part, rest = take_in_proportion(sale, names, rest)
            taken.update(part)
        quarrel.taken, quarrel.losses, quarrel.withheld = taken, rest, 0
        covered = {"platform:chargeback_losses": rest, f"gateway:{sale.gateway}:disputed": -quarrel.amount}
        self._moved(sale, covered, {name: -part for name, part in taken.items()})
        self._earn_less(sale, moment, "dispute", taken)

    def reinstated_after_all(self, quarrel: Quarrel, moment: datetime, fee_returned: int) -> None:
        """It was lost, and came back: to where it was taken from. After departure nothing of it stays unearned."""
        sale, taken = quarrel.sale, quarrel.taken
        assert taken is not None, "only a lost one"
        self._reinstated(quarrel)
        self._book(sale.terms.currency, clearing(sale), "platform:dispute_fees", fee_returned)
        sale.held.update(taken)
        covered = {"platform:chargeback_losses": -quarrel.losses, f"gateway:{sale.gateway}:disputed": quarrel.amount}
        self._moved(sale, covered, taken)
        self._earn_less(sale, moment, "dispute", {name: -part for name, part in taken.items()})
        if sale.is_over:
            self._earn_what_is_held(sale, moment)

    def _reinstated(self, quarrel: Quarrel) -> None:
        sale = quarrel.sale
        quarrel.withheld = 0
        sale.spare += quarrel.amount
        self._book(sale.terms.currency, clearing(sale), f"gateway:{sale.gateway}:disputed", quarrel.amount)

    # ---------------------------------------------------------------------------------------------------------- banks
    def payout_left(self, currency: str, amount: int) -> None:
        """Stripe sent so much to our bank."""
        self._book(currency, "gateway:stripe:in_transit", "gateway:stripe:clearing", amount)

    def payout_arrived(self, currency: str, amount: int) -> None:
        """It is there."""
        self._book(currency, "bank", "gateway:stripe:in_transit", amount)

    def adjusted(self, code: str, currency: str, against: str, amount: int, moment: datetime) -> None:
        """Staff owe an operator so much more, or less, by hand."""
        account = f"operator:{code}:payable"
        if amount > 0:
            self._book(currency, against, account, amount)
        else:
            self._book(currency, account, against, -amount)
        self.of_operator(code).post(moment, "correction", amount, 0, 0)

    def settled(self, code: str, currency: str, *, debit: str, credit: str, amount: int) -> None:
        """A settlement moves an operator's money from one account to another; `bank` is ours."""
        names = [name if name == "bank" else f"operator:{code}:{name}" for name in (debit, credit)]
        self._book(currency, *names, amount)

    # ---------------------------------------------------------------------------------------------------------- books
    def of_operator(self, code: str) -> Earnings:
        """What an operator earned."""
        return self.earnings.setdefault(code, Earnings())

    def _of(self, sale: Sale) -> Earnings:
        return self.of_operator(sale.terms.code)

    def _book(self, currency: str, debit: str, credit: str, amount: int) -> None:
        self.balances[currency].update({debit: amount})
        self.balances[currency].update({credit: -amount})

    def _moved(self, sale: Sale, debits: Mapping[str, int], held: Mapping[str, int]) -> None:
        """Debits by account, and by how much more is held for the booking under each name."""
        operator = {"operator": f"operator:{sale.terms.code}:payable"}
        moved = Counter(debits)
        for name, amount in held.items():
            moved[(CODES | operator)[name]] -= amount
        assert sum(moved.values()) == 0, moved
        self.balances[sale.terms.currency].update(moved)


def clearing(sale: Sale) -> str:
    """What the gateway of a sale holds for us."""
    return f"gateway:{sale.gateway}:clearing"


def _who_bears(sale: Sale) -> list[tuple[str, ...]]:
    if sale.is_over:
        return [(*UNEARNED, *EARNED)] if sale.terms.bears_disputes else [("unearned",)]
    return [UNEARNED, EARNED] if sale.terms.bears_disputes else [UNEARNED]
