"""Demo data: two operators, nine places, trips for a fortnight. The same every time for a given date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db import transaction

from accounts import roles
from accounts.models import User
from bookings.actions.schedule_trip import schedule_trip
from bookings.models import Operator, Place, Route, RouteStop, Seat, SeatMap, Trip, Vehicle

DAYS = 14

PLACES = (
    ("RUH", "King Khalid International Airport", "مطار الملك خالد الدولي", "Riyadh", "الرياض", "SA", "Asia/Riyadh"),
    ("JED", "King Abdulaziz International Airport", "مطار الملك عبد العزيز الدولي", "Jeddah", "جدة", "SA",
     "Asia/Riyadh"),
    ("DMM", "King Fahd International Airport", "مطار الملك فهد الدولي", "Dammam", "الدمام", "SA", "Asia/Riyadh"),
    ("CAI", "Cairo International Airport", "مطار القاهرة الدولي", "Cairo", "القاهرة", "EG", "Africa/Cairo"),
    ("DXB", "Dubai International Airport", "مطار دبي الدولي", "Dubai", "دبي", "AE", "Asia/Dubai"),
    ("LOS", "Jibowu Bus Station", "محطة جيبوو", "Lagos", "لاغوس", "NG", "Africa/Lagos"),
    ("IBD", "Challenge Bus Station", "محطة تشالنج", "Ibadan", "إبادان", "NG", "Africa/Lagos"),
    ("BEN", "Ring Road Bus Station", "محطة رينغ رود", "Benin City", "مدينة بنين", "NG", "Africa/Lagos"),
    ("ABV", "Utako Bus Station", "محطة أوتاكو", "Abuja", "أبوجا", "NG", "Africa/Lagos"),
)  # fmt: skip

# Economy fare in minor units with tax, minutes in the air.
FLIGHTS = (
    ("RUH", "JED", 29_900, 105),
    ("RUH", "DMM", 19_900, 65),
    ("RUH", "CAI", 84_900, 165),
    ("RUH", "DXB", 64_900, 120),
    ("JED", "CAI", 74_900, 135),
)
FLIGHT_TIMES = (time(7, 30), time(18, 15))
BUSINESS_FACTOR = 3

BUS_STOPS = (("LOS", 0, 0), ("IBD", 130, 145), ("BEN", 430, 460), ("ABV", 840, 840))  # minutes after departure
BUS_TIMES = (time(6, 0), time(20, 30))
NAIRA_A_MINUTE = 30
MINOR_PER_NAIRA = 100

POLICY = [
    {"hours_before": 72, "refund_percent": 100},
    {"hours_before": 24, "refund_percent": 80},
    {"hours_before": 4, "refund_percent": 50},
    {"hours_before": 0, "refund_percent": 0},
]


@dataclass(frozen=True)
class SignIn:
    """A demo user, one of staff if there is a group for them.

    The password is no secret: production refuses to make these.
    """

    role: str
    email: str
    full_name: str
    group: str = ""

    @property
    def password(self) -> str:
        return f"berth-demo-{self.role}"


SIGN_INS = (
    SignIn("traveller", "traveller@demo.example", "Layla Haddad"),
    SignIn("staff", "staff@demo.example", "Omar Saleh", "operations"),
    SignIn("support", "support@demo.example", "Nneka Obi", "support"),
    SignIn("finance", "finance@demo.example", "Amina Bello", "finance"),
    SignIn("controller", "controller@demo.example", "Sara Nasser", "controller"),
    SignIn("auditor", "auditor@demo.example", "Yusuf Adeyemi", "auditor"),
)


@transaction.atomic
def seed(today: date) -> dict[str, int]:
    """Make whatever of the demo data is missing, with trips from today on. Returns how many there are of each."""
    for sign_in in SIGN_INS:
        _user(sign_in)
    for code, name, name_ar, city, city_ar, country, zone in PLACES:
        kind = Place.Kind.STATION if country == "NG" else Place.Kind.AIRPORT
        Place.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "name_ar": name_ar,
                "city": city,
                "city_ar": city_ar,
                "country": country,
                "timezone": zone,
                "kind": kind,
            },
        )
    made = sum(_flights(today)) + sum(_buses(today))
    return {"places": len(PLACES), "trips_made": made, "trips": Trip.objects.count(), "users": len(SIGN_INS)}


def _user(sign_in: SignIn) -> None:
    user, made = User.objects.get_or_create(
        email=sign_in.email, defaults={"full_name": sign_in.full_name, "is_staff": bool(sign_in.group)}
    )
    if made:
        user.set_password(sign_in.password)
        user.save(update_fields=["password"])
    user.groups.set([roles.keep(sign_in.group)] if sign_in.group else [])


def _flights(today: date) -> Iterator[int]:
    operator, _ = Operator.objects.get_or_create(
        code="AIS",
        defaults={
            "name": "AIS Airways",
            "currency": "SAR",
            "commission_bps": 700,
            "tax_bps": 1_500,
            "booking_fee": 1_500,
            "cancellation_policy": POLICY,
        },
    )
    seat_map = _seat_map(operator, "Airbus A320", "flight", rows=30, columns="ABC DEF", business_rows=3)
    number = 100
    for origin, destination, fare, minutes in FLIGHTS:
        for first, last in ((origin, destination), (destination, origin)):
            route = _route(operator, "flight", ((first, 0, 0), (last, minutes, minutes)))
            fares = {("economy", 0, 1): fare, ("business", 0, 1): fare * BUSINESS_FACTOR}
            for departs in FLIGHT_TIMES:
                number += 1
                yield _fortnight(route, seat_map, f"AI{number}", today, departs, fares)


def _buses(today: date) -> Iterator[int]:
    operator, _ = Operator.objects.get_or_create(
        code="NEX",
        defaults={
            "name": "Naija Express",
            "currency": "NGN",
            "commission_bps": 1_000,
            "tax_bps": 750,
            "booking_fee": 30_000,
            "cancellation_policy": POLICY[1:],
        },
    )
    seat_map = _seat_map(operator, "Coach 40", "bus", rows=10, columns="AB CD", business_rows=0)
    end = BUS_STOPS[-1][1]
    back = tuple((code, end - departs, end - arrives) for code, arrives, departs in reversed(BUS_STOPS))
    number = 10
    for stops in (BUS_STOPS, back):
        route = _route(operator, "bus", stops)
        fares = {
            ("standard", first, last): (stops[last][1] - stops[first][2]) * NAIRA_A_MINUTE * MINOR_PER_NAIRA
            for first in range(len(stops))
            for last in range(first + 1, len(stops))
        }
        for departs in BUS_TIMES:
            number += 1
            yield _fortnight(route, seat_map, f"NX{number}", today, departs, fares)


def _route(operator: Operator, mode: str, stops: tuple[tuple[str, int, int], ...]) -> Route:
    name = " – ".join(code for code, _, _ in stops)
    route, made = Route.objects.get_or_create(operator=operator, name=name, defaults={"mode": mode})
    if made:
        places = Place.objects.in_bulk(field_name="code")
        RouteStop.objects.bulk_create(
            RouteStop(
                route=route,
                position=position,
                place=places[code],
                arrives_after=timedelta(minutes=arrives),
                departs_after=timedelta(minutes=departs),
            )
            for position, (code, arrives, departs) in enumerate(stops)
        )
    return route


def _seat_map(operator: Operator, name: str, mode: str, *, rows: int, columns: str, business_rows: int) -> SeatMap:
    vehicle, made = Vehicle.objects.get_or_create(operator=operator, name=name, defaults={"mode": mode})
    if not made:
        return vehicle.seat_maps.get(version=1)
    seat_map = SeatMap.objects.create(vehicle=vehicle, columns=columns)
    basic = "economy" if business_rows else "standard"
    letters = columns.replace(" ", "")
    Seat.objects.bulk_create(
        Seat(
            seat_map=seat_map,
            number=f"{row}{letter}",
            row=row,
            column=letter,
            fare_class="business" if row <= business_rows else basic,
            features=_features(row, letter, columns, business_rows),
        )
        for row in range(1, rows + 1)
        for letter in letters
    )
    return seat_map


def _features(row: int, letter: str, columns: str, business_rows: int) -> list[str]:
    features = []
    left, right = columns.split(" ")
    if letter in (left[0], right[-1]):
        features.append("window")
    if letter in (left[-1], right[0]):
        features.append("aisle")
    if row == business_rows + 1:
        features.append("accessible")
    if row in (12, 13):
        features.append("exit_row")
    return features


def _fortnight(
    route: Route,
    seat_map: SeatMap,
    number: str,
    today: date,
    departs: time,
    fares: dict[tuple[str, int, int], int],
) -> int:
    dates = [today + timedelta(days=day) for day in range(DAYS + 1)]
    there = set(
        Trip.objects.filter(operator=route.operator, number=number, service_date__in=dates).values_list(
            "service_date", flat=True
        )
    )
    missing = [day for day in dates if day not in there]
    for day in missing:
        schedule_trip(route=route, seat_map=seat_map, number=number, service_date=day, departs=departs, fares=fares)
    return len(missing)
