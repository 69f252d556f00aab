"""Twenty operators and what was agreed with each: drawn by a seed, known to the product and to the reckoning."""

import random
from dataclasses import dataclass

Policy = tuple[tuple[int, int, int], ...]  # hours before departure, percent that come back, fee a seat in minor units


@dataclass(frozen=True)
class Place:
    """A station."""

    code: str
    country: str
    zone: str


PLACES = {
    place.code: place
    for place in (
        Place("RUH", "SA", "Asia/Riyadh"),
        Place("JED", "SA", "Asia/Riyadh"),
        Place("DXB", "AE", "Asia/Dubai"),
        Place("CAI", "EG", "Africa/Cairo"),
        Place("LOS", "NG", "Africa/Lagos"),
        Place("ABV", "NG", "Africa/Lagos"),
        Place("COO", "BJ", "Africa/Porto-Novo"),
        Place("KWI", "KW", "Asia/Kuwait"),
        Place("BAH", "BH", "Asia/Bahrain"),
        Place("TYO", "JP", "Asia/Tokyo"),
        Place("OSA", "JP", "Asia/Tokyo"),
        Place("PUS", "KR", "Asia/Seoul"),
    )
}


@dataclass(frozen=True)
class Market:
    """Where a currency is at home: its lines, the range of a fare for one leg, the fee, and how many operators."""

    lines: tuple[tuple[str, ...], ...]
    fares: tuple[int, int]
    fee: int
    step: int
    operators: int


MARKETS = {
    "SAR": Market((("RUH", "JED"), ("RUH", "DXB", "CAI")), (4_000, 60_000), 500, 1, 7),
    "NGN": Market((("LOS", "ABV"), ("COO", "LOS", "ABV")), (400_000, 4_000_000), 25_000, 1, 7),
    "KWD": Market((("KWI", "BAH"), ("BAH", "KWI", "RUH")), (3_000, 48_000), 250, 10, 3),
    "JPY": Market((("TYO", "OSA"), ("TYO", "OSA", "PUS")), (1_500, 24_000), 120, 1, 3),
}
POLICIES: tuple[Policy, ...] = (
    ((24, 80, 0), (0, 0, 0)),
    ((72, 100, 0), (24, 50, 0)),
    ((48, 90, 300), (5, 33, 100)),
    ((0, 75, 0),),
    ((168, 100, 0), (72, 67, 0), (12, 10, 0)),
    (),
)
CLASSES = ("standard", "flex")
FLEXIBLE: Policy = ((6, 95, 0),)  # the terms of the fares of the class `flex`, whatever the trip's are


@dataclass(frozen=True)
class Line:
    """A route: its stops, the fare of a leg by class, and where its terms are not the operator's."""

    name: str
    places: tuple[str, ...]
    fares: tuple[int, int]  # of CLASSES, minor units with tax
    commission_bps: int | None
    policy: Policy | None


@dataclass(frozen=True)
class Terms:
    """What was agreed with an operator."""

    code: str
    currency: str
    commission_bps: int
    commission_tax_bps: int
    tax_bps: int
    country_taxes: tuple[tuple[str, int], ...]
    booking_fee: int
    policy: Policy
    no_show_percent: int
    bears_disputes: bool
    reserve_bps: int
    reserve_months: int
    lines: tuple[Line, ...]

    def fare_tax(self, boarding: str) -> int:
        """Basis points within fares of who boards there."""
        return dict(self.country_taxes).get(PLACES[boarding].country, self.tax_bps)

    def commission(self, line: Line) -> int:
        """Basis points of the fares without tax."""
        return self.commission_bps if line.commission_bps is None else line.commission_bps

    def cancellation(self, line: Line, fare_class: str) -> Policy:
        """The terms of a seat of this class."""
        if fare_class == "flex":
            return FLEXIBLE
        return self.policy if line.policy is None else line.policy


def draw(chance: random.Random) -> list[Terms]:
    """The operators, of every currency so many."""
    operators = [
        _operator(chance, f"{currency[:2]}{number:02}", currency, market)
        for currency, market in MARKETS.items()
        for number in range(1, market.operators + 1)
    ]
    # Chance shall leave out neither kind.
    assert {one.bears_disputes for one in operators} == {True, False}
    assert {bool(one.reserve_bps) for one in operators} == {True, False}
    return operators


def _operator(chance: random.Random, code: str, currency: str, market: Market) -> Terms:
    abroad = sorted({PLACES[place].country for line in market.lines for place in line[:-1]})
    return Terms(
        code=code,
        currency=currency,
        commission_bps=chance.choice([500, 800, 1_000, 1_225]),
        commission_tax_bps=chance.choice([0, 500, 1_500]),
        tax_bps=chance.choice([0, 500, 750, 1_500]),
        country_taxes=tuple((country, chance.choice([0, 700, 1_400])) for country in abroad[1:]),
        booking_fee=chance.choice([0, market.fee]),
        policy=chance.choice(POLICIES),
        no_show_percent=chance.choice([0, 25, 50]),
        bears_disputes=chance.random() < 0.6,
        reserve_bps=chance.choice([0, 0, 500, 1_000]),
        reserve_months=chance.choice([1, 2, 3]),
        lines=tuple(_line(chance, places, market) for places in market.lines),
    )


def _line(chance: random.Random, places: tuple[str, ...], market: Market) -> Line:
    standard = chance.randint(*market.fares) // market.step * market.step
    return Line(
        name="–".join(places),
        places=places,
        fares=(standard, standard * 3 // 2 // market.step * market.step),
        commission_bps=chance.choice([None, None, 0, 650]),
        policy=chance.choice([None, None, *POLICIES]),
    )
