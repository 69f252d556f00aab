"""A small world for tests, made through the same use cases as the real one."""

from datetime import date, time, timedelta

from django.utils import timezone

from accounts.models import User
from bookings.actions.hold import Contact, Traveller, hold
from bookings.actions.schedule_trip import schedule_trip
from bookings.models import Booking, Operator, Place, Route, RouteStop, Seat, SeatMap, Trip, Vehicle

CONTACT = Contact(email="layla@example.com")
PRICE = 10_000  # a leg, minor units
FEE = 500
POLICY = [{"hours_before": 24, "refund_percent": 80}, {"hours_before": 0, "refund_percent": 0}]


def make_trip(*codes: str, rows: int = 5, number: str = "T1", currency: str = "SAR", days: int = 7) -> Trip:
    """A trip over these stops (RUH → JED by default) with seats 1A, 1B, 1C, 1D … in one class."""
    codes = codes or ("RUH", "JED")
    operator, _ = Operator.objects.get_or_create(
        code=f"OP{currency}",
        defaults={
            "name": f"Operator {currency}",
            "currency": currency,
            "tax_bps": 1_500,
            "booking_fee": FEE,
            "cancellation_policy": POLICY,
        },
    )
    route, made = Route.objects.get_or_create(operator=operator, name="–".join(codes), mode="bus")
    if made:
        RouteStop.objects.bulk_create(
            RouteStop(
                route=route,
                position=position,
                place=make_place(code),
                arrives_after=timedelta(hours=position),
                departs_after=timedelta(hours=position, minutes=10 if position else 0),
            )
            for position, code in enumerate(codes)
        )
    return schedule_trip(
        route=route,
        seat_map=make_seat_map(operator, rows),
        number=number,
        service_date=in_days(days),
        departs=time(9, 0),
        fares={
            ("standard", first, last): PRICE * (last - first)
            for first in range(len(codes))
            for last in range(first + 1, len(codes))
        },
    )


def make_place(code: str) -> Place:
    place, _ = Place.objects.get_or_create(
        code=code,
        defaults={"name": code, "city": code, "country": "SA", "timezone": "Asia/Riyadh", "kind": Place.Kind.STATION},
    )
    return place


def make_seat_map(operator: Operator, rows: int) -> SeatMap:
    vehicle, made = Vehicle.objects.get_or_create(operator=operator, name=f"Coach {rows}", mode="bus")
    if not made:
        return vehicle.seat_maps.get()
    seat_map = SeatMap.objects.create(vehicle=vehicle, columns="AB CD")
    Seat.objects.bulk_create(
        Seat(seat_map=seat_map, number=f"{row}{letter}", row=row, column=letter, fare_class="standard")
        for row in range(1, rows + 1)
        for letter in "ABCD"
    )
    return seat_map


def make_user(email: str = "layla@example.com") -> User:
    return User.objects.create_user(email, "a long password", full_name="Layla Haddad")


def hold_seats(trip: Trip, *seats: str, origin: str = "", destination: str = "", named: bool = True, **more) -> Booking:
    """A hold by the real use case, from the first to the last stop unless told otherwise."""
    stops = [stop.place.code for stop in trip.stops.select_related("place")]
    return hold(
        trip_id=trip.pk,
        origin=origin or stops[0],
        destination=destination or stops[-1],
        seats=seats or ("1A",),
        contact=CONTACT,
        travellers=[Traveller(seat, f"Traveller {seat}") for seat in seats or ("1A",)] if named else (),
        **more,
    )


def in_days(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)
