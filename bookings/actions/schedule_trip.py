"""Put a dated trip on sale."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.db import transaction

from bookings.models import Fare, Route, SeatMap, Trip, TripStop
from bookings.queries import SCHEDULE
from core.errors import invalid
from core.money import can_be_charged

SALES_END = {"flight": timedelta(minutes=60), "bus": timedelta(minutes=10)}  # before departure from each stop


@transaction.atomic
def schedule_trip(
    *,
    route: Route,
    seat_map: SeatMap,
    number: str,
    service_date: date,
    departs: time,
    fares: Mapping[tuple[str, int, int], int],
) -> Trip:
    """Make a trip of the route, leaving its first stop at a local time.

    `fares` maps (fare class, from position, to position) to minor units of the operator's currency, tax included.
    Raises FieldsInvalid for an amount that gateways do not take.
    """
    operator = route.operator
    for (fare_class, first, last), amount in fares.items():
        if not can_be_charged(amount, operator.currency):
            message = (
                f"{amount} minor units of {operator.currency} cannot be charged ({fare_class}, {first} to {last})."
            )
            raise invalid("fares", "invalid", message)
    trip = Trip.objects.create(
        operator=operator,
        route=route,
        seat_map=seat_map,
        number=number,
        service_date=service_date,
        mode=route.mode,
        currency=operator.currency,
        booking_fee=operator.booking_fee,
    )
    stops = list(route.stops.select_related("place"))
    start = datetime.combine(service_date, departs, tzinfo=stops[0].place.zone)
    TripStop.objects.bulk_create(
        TripStop(
            trip=trip,
            position=stop.position,
            place=stop.place,
            arrives_at=start + stop.arrives_after,
            departs_at=start + stop.departs_after,
            sales_end_at=start + stop.departs_after - SALES_END[route.mode],
        )
        for stop in stops
    )
    Fare.objects.bulk_create(
        Fare(trip=trip, fare_class=fare_class, from_position=first, to_position=last, amount=amount)
        for (fare_class, first, last), amount in fares.items()
    )
    transaction.on_commit(SCHEDULE.forget)
    return trip
