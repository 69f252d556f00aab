"""The operators, routes and trips of the year, made through the product's models and use cases."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bookings.actions.make_seat_map import Rows, make_seat_map
from bookings.actions.schedule_trip import schedule_trip
from bookings.models import CountryTax, Fare, Operator, Place, Route, RouteStop, SeatMap, Trip, Vehicle
from tests.finance.simulation.terms import CLASSES, FLEXIBLE, PLACES, Line, Policy, Terms

LEG = timedelta(hours=2, minutes=30)
STOP = timedelta(minutes=10)
SEATS = {"standard": range(1, 16), "flex": range(16, 21)}  # rows of four
LETTERS = "ABCD"


@dataclass
class Plan:
    """A trip that will run, or not: where it goes, when, and which of its seats nobody has asked for yet."""

    terms: Terms
    line: Line
    number: str
    day: date
    leaves: time  # local, at the first stop
    cancelled: bool = False
    trip: Trip | None = None
    free: dict[str, list[str]] = field(default_factory=dict)

    def boards_at(self, position: int) -> datetime:
        """When it leaves a stop."""
        start = datetime.combine(self.day, self.leaves, tzinfo=ZoneInfo(PLACES[self.line.places[0]].zone))
        return start + position * LEG + (STOP if position else timedelta())

    def take(self, fare_class: str, wanted: int) -> list[str]:
        """So many seats that nobody has asked for, or fewer."""
        seats, self.free[fare_class] = self.free[fare_class][:wanted], self.free[fare_class][wanted:]
        return seats


class World:
    """What the product knows of operators, and the trips that it puts on sale as somebody wants to travel."""

    def __init__(self, operators: list[Terms]) -> None:
        self.terms = operators
        places = [
            Place(code=one.code, name=one.code, city=one.code, country=one.country, timezone=one.zone, kind="station")
            for one in PLACES.values()
        ]
        self._places = {one.code: one for one in Place.objects.bulk_create(places)}
        self._routes: dict[tuple[str, str], Route] = {}
        self._seat_maps: dict[str, SeatMap] = {}
        for terms in operators:
            self._make(terms)

    def _make(self, terms: Terms) -> None:
        operator = Operator.objects.create(
            code=terms.code,
            name=f"Operator {terms.code}",
            currency=terms.currency,
            commission_bps=terms.commission_bps,
            commission_tax_bps=terms.commission_tax_bps,
            tax_bps=terms.tax_bps,
            booking_fee=terms.booking_fee,
            cancellation_policy=_written(terms.policy),
            no_show_refund_percent=terms.no_show_percent,
            bears_disputes=terms.bears_disputes,
            reserve_bps=terms.reserve_bps,
            reserve_months=terms.reserve_months,
        )
        CountryTax.objects.bulk_create(
            CountryTax(operator=operator, country=country, tax_bps=bps) for country, bps in terms.country_taxes
        )
        vehicle = Vehicle.objects.create(operator=operator, name="Coach", mode="bus")
        cabin = [Rows(rows[0], rows[-1], fare_class) for fare_class, rows in SEATS.items()]
        self._seat_maps[terms.code] = make_seat_map(vehicle=vehicle, columns="AB CD", cabin=cabin)
        for line in terms.lines:
            self._routes[terms.code, line.name] = self._route(operator, line)

    def _route(self, operator: Operator, line: Line) -> Route:
        route = Route.objects.create(
            operator=operator,
            name=line.name,
            mode="bus",
            commission_bps=line.commission_bps,
            cancellation_policy=None if line.policy is None else _written(line.policy),
        )
        RouteStop.objects.bulk_create(
            RouteStop(
                route=route,
                position=position,
                place=self._places[code],
                arrives_after=position * LEG,
                departs_after=position * LEG + (STOP if position else timedelta()),
            )
            for position, code in enumerate(line.places)
        )
        return route

    def on_sale(self, plan: Plan) -> Trip:
        """The trip of a plan, scheduled when the first traveller asks for it."""
        if plan.trip is None:
            stops = len(plan.line.places)
            plan.trip = schedule_trip(
                route=self._routes[plan.terms.code, plan.line.name],
                seat_map=self._seat_maps[plan.terms.code],
                number=plan.number,
                service_date=plan.day,
                departs=plan.leaves,
                fares={
                    (fare_class, first, last): fare * (last - first)
                    for fare_class, fare in zip(CLASSES, plan.line.fares, strict=True)
                    for first in range(stops)
                    for last in range(first + 1, stops)
                },
            )
            Fare.objects.filter(trip=plan.trip, fare_class="flex").update(cancellation_policy=_written(FLEXIBLE))
        return plan.trip


def plan_trips(chance: random.Random, operators: list[Terms], trips: int, year: int) -> list[Plan]:
    """So many trips, every operator's on days all over the year; a few of them will be cancelled."""
    plans = []
    for number in range(trips):
        terms = operators[number % len(operators)]
        plans.append(
            Plan(
                terms=terms,
                line=chance.choice(terms.lines),
                number=f"N{number // len(operators)}",
                day=date(year, 1, 3) + timedelta(days=chance.randrange(362)),
                leaves=time(chance.randrange(5, 21), chance.choice([0, 30])),
                cancelled=chance.random() < 0.02,
                free={
                    fare_class: [f"{row}{letter}" for row in rows for letter in LETTERS]
                    for fare_class, rows in SEATS.items()
                },
            )
        )
    return sorted(plans, key=lambda plan: (plan.day, plan.terms.code, plan.number))


def _written(policy: Policy) -> list[dict[str, int]]:
    return [{"hours_before": hours, "refund_percent": percent, "fee": fee} for hours, percent, fee in policy]
