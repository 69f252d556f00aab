"""Reads: searching trips, seeing seats, finding bookings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Min, Prefetch, Q, QuerySet
from django.utils import timezone

from bookings.models import Booking, Passenger, Place, TripStop
from core.cache import Namespace
from core.errors import NotFound, invalid
from core.models import StatusChange
from core.money import Money

SCHEDULE = Namespace("schedule", seconds=120)  # trips, times and fares; forgotten whenever staff change a trip
FREE_SEATS = Namespace("free-seats", seconds=10)

_TRIPS = """
SELECT trip.id, trip.mode, trip.number, operator.code, operator.name, trip.status,
       boarding.position, alighting.position, boarding.departs_at, alighting.arrives_at, boarding.sales_end_at,
       min(fare.amount) + trip.booking_fee, trip.currency
  FROM bookings_tripstop boarding
  JOIN bookings_tripstop alighting ON alighting.trip_id = boarding.trip_id AND alighting.position > boarding.position
  JOIN bookings_trip trip ON trip.id = boarding.trip_id
  JOIN bookings_operator operator ON operator.id = trip.operator_id
  JOIN bookings_fare fare ON fare.trip_id = trip.id
   AND fare.from_position = boarding.position AND fare.to_position = alighting.position
 WHERE boarding.place_id = %s AND alighting.place_id = %s
   AND boarding.departs_at >= %s AND boarding.departs_at < %s AND trip.status = 'open'
 GROUP BY trip.id, operator.id, boarding.id, alighting.id
 ORDER BY boarding.departs_at, trip.id
"""
_FREE = """
SELECT stretch.trip_id, count(*)
  FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS stretch (trip_id, first_leg, end_leg)
  JOIN bookings_trip trip ON trip.id = stretch.trip_id
  JOIN bookings_seat seat ON seat.seat_map_id = trip.seat_map_id
  JOIN bookings_fare fare ON fare.trip_id = trip.id AND fare.fare_class = seat.fare_class
   AND fare.from_position = stretch.first_leg AND fare.to_position = stretch.end_leg
 WHERE NOT EXISTS (
         SELECT FROM bookings_seatclaim claim
          WHERE claim.trip_id = trip.id AND claim.seat_id = seat.id
            AND claim.leg >= stretch.first_leg AND claim.leg < stretch.end_leg
            AND (claim.expires_at IS NULL OR claim.expires_at > berth_now()))
 GROUP BY stretch.trip_id
"""
_SEATS = """
SELECT seat.number, seat.row, seat.column, seat.fare_class, seat.features, fare.amount,
       CASE WHEN fare.id IS NULL OR taken.blocked THEN 'blocked'
            WHEN taken.yours THEN 'yours'
            WHEN taken.sold THEN 'sold'
            WHEN taken.seat_id IS NOT NULL THEN 'held'
            ELSE 'free' END
  FROM bookings_seat seat
  LEFT JOIN bookings_fare fare ON fare.trip_id = %(trip)s AND fare.fare_class = seat.fare_class
   AND fare.from_position = %(first_leg)s AND fare.to_position = %(end_leg)s
  LEFT JOIN (
    SELECT claim.seat_id, bool_or(claim.booking_id IS NULL) AS blocked,
           bool_or(claim.expires_at IS NULL) AS sold,
           bool_or(booking.owner_id = %(viewer)s OR booking.reference = ANY(%(references)s)) AS yours
      FROM bookings_seatclaim claim LEFT JOIN bookings_booking booking ON booking.id = claim.booking_id
     WHERE claim.trip_id = %(trip)s AND claim.leg >= %(first_leg)s AND claim.leg < %(end_leg)s
       AND (claim.expires_at IS NULL OR claim.expires_at > berth_now())
     GROUP BY claim.seat_id
  ) taken ON taken.seat_id = seat.id
 WHERE seat.seat_map_id = %(seat_map)s
 ORDER BY seat.row, seat.column
"""


@dataclass(frozen=True)
class FoundTrip:
    """A trip on the stretch that was asked for. Times are UTC; the price is one passenger's, all included."""

    id: int
    mode: str
    number: str
    operator_code: str
    operator_name: str
    status: str
    first_leg: int
    end_leg: int
    departs_at: datetime
    arrives_at: datetime
    sales_end_at: datetime
    price: Money


@dataclass(frozen=True)
class TripWithSeats:
    """A trip and how many of its seats are free on the stretch."""

    trip: FoundTrip
    seats_left: int


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    origin: Place
    destination: Place
    trips: list[TripWithSeats]


@dataclass(frozen=True)
class SeatState:
    """A seat on a stretch; `price` is None where it is not sold."""

    number: str
    row: int
    column: str
    fare_class: str
    features: tuple[str, ...]
    price: Money | None
    status: str


@dataclass(frozen=True)
class Stretch:
    """A trip from one of its stops to a later one."""

    boarding: TripStop
    alighting: TripStop
    stops: Sequence[TripStop]


def places(query: str = "") -> QuerySet[Place]:
    """Places whose code, name or city begins with or contains the query; all without one."""
    found = Place.objects.order_by("code")
    if query:
        found = found.filter(
            Q(code__istartswith=query)
            | Q(name__icontains=query)
            | Q(city__icontains=query)
            | Q(name_ar__icontains=query)
            | Q(city_ar__icontains=query)
        )
    return found


def search_trips(origin: str, destination: str, on: date) -> Found:
    """Trips on sale between two places (codes) on a local date at the origin, by departure.

    Schedules and fares may be 120 s old, counts of free seats 10 s. Raises FieldsInvalid for an unknown place.
    """
    parts = [origin, destination, on]
    places_of_trips, trips = SCHEDULE.get_or_compute(parts, lambda: _find_trips(origin, destination, on))
    now = timezone.now()
    on_sale = [trip for trip in trips if trip.sales_end_at > now]
    free = FREE_SEATS.get_or_compute([*parts, len(trips)], lambda: _count_free(trips)) if on_sale else {}
    return Found(*places_of_trips, [TripWithSeats(trip, free.get(trip.id, 0)) for trip in on_sale])


def _find_trips(origin: str, destination: str, on: date) -> tuple[tuple[Place, Place], list[FoundTrip]]:
    found = {place.code: place for place in Place.objects.filter(code__in=[origin, destination])}
    for field, code in (("origin", origin), ("destination", destination)):
        if code not in found:
            raise invalid(field, "unknown", f"There is no place {code}.")
    zone = found[origin].zone
    begin = datetime.combine(on, time.min, tzinfo=zone)
    end = datetime.combine(on + timedelta(days=1), time.min, tzinfo=zone)
    with connection.cursor() as cursor:
        cursor.execute(_TRIPS, [found[origin].pk, found[destination].pk, begin, end])
        rows = cursor.fetchall()
    trips = [FoundTrip(*(*row[:11], Money(*row[11:]))) for row in rows]
    return (found[origin], found[destination]), trips


def _count_free(trips: Sequence[FoundTrip]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _FREE,
            [
                [trip.id for trip in trips],
                [trip.first_leg for trip in trips],
                [trip.end_leg for trip in trips],
            ],
        )
        return dict(cursor.fetchall())


def trip_stops(trip_id: int) -> list[TripStop]:
    """The stops of a trip in order, with trip and places. Raises NotFound."""
    stops = list(
        TripStop.objects.filter(trip_id=trip_id)
        .select_related("trip__operator", "trip__route", "trip__seat_map", "place")
        .order_by("position")
    )
    if not stops:
        raise NotFound("There is no such trip.")
    return stops


def stretch(trip_id: int, origin: str = "", destination: str = "") -> Stretch:
    """The stretch between two place codes, by default the whole trip. Raises NotFound."""
    stops = trip_stops(trip_id)
    by_code = {stop.place.code: stop for stop in stops}
    boarding = by_code.get(origin) if origin else stops[0]
    alighting = by_code.get(destination) if destination else stops[-1]
    if boarding is None or alighting is None or boarding.position >= alighting.position:
        raise NotFound("There is no such trip between these places.")
    return Stretch(boarding, alighting, stops)


def offer(on: Stretch) -> tuple[Money | None, int]:
    """The lowest price of one passenger on a stretch, all included, and the number of free seats now."""
    trip = on.boarding.trip
    fares = trip.fares.filter(from_position=on.boarding.position, to_position=on.alighting.position)
    cheapest = fares.aggregate(amount=Min("amount"))["amount"]
    if cheapest is None:
        return None, 0
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [[trip.pk], [on.boarding.position], [on.alighting.position]])
        row = cursor.fetchone()
    return Money(cheapest + trip.booking_fee, trip.currency), row[1] if row else 0


def seats(on: Stretch, *, viewer_id: int | None = None, references: Iterable[str] = ()) -> list[SeatState]:
    """Every seat of the vehicle with its state on the stretch right now.

    `yours` are those of the viewer's bookings and of the bookings with these references (a guest's own).
    """
    trip = on.boarding.trip
    parameters = {
        "trip": trip.pk,
        "seat_map": trip.seat_map_id,
        "first_leg": on.boarding.position,
        "end_leg": on.alighting.position,
        "viewer": viewer_id,
        "references": list(references),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEATS, parameters)
        rows = cursor.fetchall()
    return [
        SeatState(
            number,
            row,
            column,
            fare_class,
            tuple(features),
            Money(amount + trip.booking_fee, trip.currency) if amount is not None else None,
            status,
        )
        for number, row, column, fare_class, features, amount, status in rows
    ]


def bookings_in_full() -> QuerySet[Booking]:
    """Bookings with everything that their page and JSON show, in two statements."""
    return Booking.objects.select_related("trip__operator", "boarding__place", "alighting__place").prefetch_related(
        Prefetch("passengers", Passenger.objects.select_related("seat").order_by("id"))
    )


def find_booking(reference: str, **whose: object) -> Booking:
    """A booking by reference, restricted to whose it must be. Raises NotFound, the same for none and another's."""
    found = bookings_in_full().filter(reference=reference.upper(), **whose) if reference.isalnum() else None
    booking = found.first() if found is not None else None
    if booking is None:
        raise NotFound("There is no such booking.")
    return booking


def history(bookings: Sequence[Booking]) -> dict[int, list[StatusChange]]:
    """The status changes of bookings, oldest first."""
    changes: dict[int, list[StatusChange]] = {booking.pk: [] for booking in bookings}
    for change in StatusChange.objects.filter(
        subject_type="bookings.booking", subject_id__in=[str(pk) for pk in changes]
    ).order_by("id"):
        changes[int(change.subject_id)].append(change)
    return changes
