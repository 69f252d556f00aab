"""One booking as the reckoning knows it: what was sold, on which terms, and what the books should hold for it.

Written from docs/architecture.md (Ledger) and the decisions 0013, 0018 and 0019; it shares no code with the product.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from tests.finance.simulation.rounding import half_up, in_proportion, part, without_tax
from tests.finance.simulation.terms import CLASSES, Line, Policy, Terms

# What the books hold for a booking. First what is not earned, then what was.
UNEARNED = ("unearned", "tax", "booking fee")
EARNED = ("operator", "commission", "tax on commission")


@dataclass
class Seat:
    """A seat and its price: fare, the tax in it, our fee, and our part of the fare. Minor units."""

    policy: Policy
    fare: int
    tax: int
    fee: int
    commission: int = 0

    @property
    def price(self) -> int:
        return self.fare + self.tax + self.fee


@dataclass
class Sale:
    """A booking that was held, and what became of its money since."""

    terms: Terms
    gateway: str
    leaves: datetime  # its own boarding stop
    seats: dict[str, Seat]  # those who still travel
    held: Counter[str] = field(default_factory=Counter)
    spare: int = 0  # of what was paid: not on its way back, and with no bank
    unexplained: int = 0  # made at the gateway by hand, for nobody knows what
    is_sold: bool = False
    is_over: bool = False

    @property
    def price(self) -> int:
        """What is asked for it."""
        return sum(seat.price for seat in self.seats.values())


def offered(
    terms: Terms, line: Line, gateway: str, leaves: datetime, stretch: tuple[int, int], seats: dict[str, str]
) -> Sale:
    """Seats (number to class, in the order in which they were asked for) from one stop to another, at these terms."""
    first, last = stretch
    tax_bps = terms.fare_tax(line.places[first])
    priced = {}
    for number, fare_class in seats.items():
        with_tax = line.fares[CLASSES.index(fare_class)] * (last - first)
        fare = without_tax(with_tax, tax_bps)
        priced[number] = Seat(terms.cancellation(line, fare_class), fare, with_tax - fare, terms.booking_fee)
    fares = [seat.fare for seat in priced.values()]
    commission = part(sum(fares), terms.commission(line))
    for seat, its_part in zip(priced.values(), in_proportion(commission, fares), strict=True):
        seat.commission = its_part
    return Sale(terms, gateway, leaves, priced)


def goes_back(sale: Sale, seat: Seat, moment: datetime) -> int:
    """What the policy gives back of a seat's price at that moment."""
    for hours, percent, fee in seat.policy:
        if moment < sale.leaves - timedelta(hours=hours):
            back = half_up(Fraction(seat.price * percent, 100)) - fee
            return payable(min(max(0, back), seat.price), sale.terms.currency)
    return 0


def payable(amount: int, currency: str) -> int:
    """Cards are charged, and paid back, in steps of ten fils."""
    return amount // 10 * 10 if currency == "KWD" else amount


def shared(sale: Sale, fares: int, commission: int) -> dict[str, int]:
    """So much of the fares is earned: the operator's, our commission, and the tax in that."""
    net = without_tax(commission, sale.terms.commission_tax_bps)
    return {"operator": fares - commission, "commission": net, "tax on commission": commission - net}


def take_in_proportion(sale: Sale, names: tuple[str, ...], amount: int) -> tuple[dict[str, int], int]:
    """Take so much from what is held under these names; what was taken of each, and what they did not have."""
    held = [max(0, sale.held[name]) for name in names]
    had = min(amount, sum(held))
    taken = dict(zip(names, in_proportion(had, held), strict=True))
    sale.held.subtract(taken)
    return taken, amount - had
