"""Hold seats: the beginning of every booking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection
from django.db.models import Count, OuterRef, Subquery, Value
from prometheus_client import Counter

from bookings import claims, gate
from bookings.errors import MadeBefore, SeatUnavailable, TooManySeats, TripClosed
from bookings.models import Booking, CountryTax, Fare, Passenger, Seat, TripStatus, TripStop
from core.clock import BerthNow
from core.errors import NotFound, Problem, invalid
from core.money import without_tax
from core.transactions import in_one_transaction, violated

HOLDS = Counter("berth_holds", "Holds asked for: held, or the code of the refusal", ["outcome"])


@dataclass(frozen=True)
class Traveller:
    """Who sits where, as far as it is known."""

    seat: str
    full_name: str = ""
    document: str = ""


@dataclass(frozen=True)
class PricedSeat:
    """A seat with its fare on a stretch, minor units with tax, and that fare's own terms of cancellation."""

    seat: Seat
    amount: int
    policy: list[dict[str, int]] | None


@dataclass(frozen=True)
class Contact:
    """Where tickets and news go."""

    email: str
    phone: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Key:
    """The idempotency key under which a user made a booking, for good."""

    key: str
    request_hash: str


def _nothing(_booking: Booking) -> None:
    """No more to do before the commit."""


def hold(
    *,
    trip_id: int,
    origin: str,
    destination: str,
    seats: Sequence[str],
    contact: Contact,
    travellers: Sequence[Traveller] = (),
    owner_id: int | None = None,
    key: Key | None = None,
    before_commit: Callable[[Booking], None] = _nothing,
) -> Booking:
    """Hold all of these seats from origin to destination (place codes) for HOLD_MINUTES, or none.

    Raises NotFound (no such trip or stretch), TripClosed, SeatUnavailable with the seats that failed, TooManySeats,
    MadeBefore if the owner's key has made a booking. `before_commit` runs last in the transaction.
    """
    while True:
        try:
            booking = _hold(trip_id, origin, destination, seats, contact, travellers, owner_id, key, before_commit)
        except Problem as error:
            HOLDS.labels(error.code).inc()
            raise
        except IntegrityError as error:
            if violated(error) == "booking_one_per_key":
                raise MadeBefore from error
            if violated(error) != "booking_one_per_reference":
                raise
            # Once in many million bookings a reference is drawn that exists: draw another.
        else:
            HOLDS.labels("held").inc()
            return booking


@in_one_transaction
def _hold(
    trip_id: int,
    origin: str,
    destination: str,
    seats: Sequence[str],
    contact: Contact,
    travellers: Sequence[Traveller],
    owner_id: int | None,
    key: Key | None,
    before_commit: Callable[[Booking], None],
) -> Booking:
    wanted = list(dict.fromkeys(seats))
    if len(wanted) > settings.MAX_HELD_SEATS:
        raise TooManySeats(f"At most {settings.MAX_HELD_SEATS} seats can be held at once.")
    if owner_id is not None:
        _lock_owner(owner_id)
    gate.enter_to_sell(trip_id)
    boarding, alighting, now, held = _stretch(trip_id, origin, destination, owner_id)
    if held + len(wanted) > settings.MAX_HELD_SEATS:
        raise TooManySeats(f"At most {settings.MAX_HELD_SEATS} seats can be held at once; {held} are held now.")
    priced = _priced_seats(boarding, alighting, wanted)

    booking = _booking(boarding, alighting, contact, now)
    booking.owner_id = owner_id
    if key:
        booking.idempotency_key, booking.request_hash = key.key, key.request_hash
    passengers = [_passenger(booking, priced[number], travellers) for number in wanted]
    booking.fare_amount = sum(passenger.fare_amount for passenger in passengers)
    booking.tax_amount = sum(passenger.tax_amount for passenger in passengers)
    booking.fee_amount = sum(passenger.fee_amount for passenger in passengers)
    booking.save(force_insert=True)

    if failed := claims.take(booking, [one.seat.pk for one in priced.values()], booking.expires_at):
        raise SeatUnavailable(seats=[number for number in wanted if priced[number].seat.pk in failed])
    for passenger in passengers:
        passenger.booking = booking
    Passenger.objects.bulk_create(passengers)
    booking._prefetched_objects_cache = {"passengers": passengers}  # type: ignore[attr-defined]  # noqa: SLF001
    before_commit(booking)
    return booking


def _lock_owner(owner_id: int) -> None:
    # One person's holds take turns, so that the cap on held seats counts right.
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [owner_id])


def _stretch(
    trip_id: int, origin: str, destination: str, owner_id: int | None
) -> tuple[TripStop, TripStop, datetime, int]:
    """The boarding and alighting stops of a trip on sale, PostgreSQL's time, and how many seats the owner holds.

    No owner holds none. The boarding stop knows its country's tax rate, if the operator has one.
    """
    holding = (
        Booking.objects.filter(owner_id=owner_id, status__in=Booking.HOLDING, expires_at__gt=BerthNow())
        .values("owner_id")
        .annotate(seats=Count("passengers"))
        .values("seats")
    )
    tax = CountryTax.objects.filter(operator=OuterRef("trip__operator"), country=OuterRef("place__country"))
    stops = {
        stop.place.code: stop
        for stop in TripStop.objects.filter(trip_id=trip_id, place__code__in=[origin, destination])
        .select_related("trip__operator", "trip__route", "place")
        .annotate(
            now=BerthNow(),
            # A guest is nobody in particular: all guests together are no one person.
            held=Value(0) if owner_id is None else Subquery(holding),
            country_tax_bps=Subquery(tax.values("tax_bps")),
        )
    }
    boarding, alighting = stops.get(origin), stops.get(destination)
    if not boarding or not alighting or boarding.position >= alighting.position:
        raise NotFound("There is no such trip between these places.")
    now: datetime = boarding.now
    if boarding.trip.status != TripStatus.OPEN or boarding.sales_end_at <= now:
        raise TripClosed
    return boarding, alighting, now, boarding.held or 0


def _priced_seats(boarding: TripStop, alighting: TripStop, numbers: list[str]) -> dict[str, PricedSeat]:
    """The seats by number, each with its fare on this stretch; seats without one are not for sale."""
    fare = Fare.objects.filter(
        trip_id=boarding.trip_id,
        fare_class=OuterRef("fare_class"),
        from_position=boarding.position,
        to_position=alighting.position,
    )
    seats = {
        seat.number: PricedSeat(seat, seat.amount, seat.policy)
        for seat in Seat.objects.filter(seat_map_id=boarding.trip.seat_map_id, number__in=numbers).annotate(
            amount=Subquery(fare.values("amount")), policy=Subquery(fare.values("cancellation_policy"))
        )
    }
    if unknown := [number for number in numbers if number not in seats]:
        raise invalid("seats", "unknown", f"This vehicle has no seat {', '.join(unknown)}.")
    if unsold := [number for number in numbers if seats[number].amount is None]:
        raise SeatUnavailable("Some of these seats are not sold on this stretch.", seats=unsold)
    return seats


def _booking(boarding: TripStop, alighting: TripStop, contact: Contact, now: datetime) -> Booking:
    trip, operator = boarding.trip, boarding.trip.operator
    commission_bps, tax_bps = trip.route.commission_bps, boarding.country_tax_bps  # type: ignore[attr-defined]
    return Booking(
        trip=trip,
        boarding=boarding,
        alighting=alighting,
        contact_email=contact.email,
        contact_phone=contact.phone,
        language=contact.language,
        currency=trip.currency,
        commission_bps=operator.commission_bps if commission_bps is None else commission_bps,
        commission_tax_bps=operator.commission_tax_bps,
        tax_bps=operator.tax_bps if tax_bps is None else tax_bps,
        cancellation_policy=trip.cancellation_policy,
        no_show_refund_percent=operator.no_show_refund_percent,
        operator_bears_disputes=operator.bears_disputes,
        created_at=now,
        expires_at=now + settings.HOLD,
    )


def _passenger(booking: Booking, priced: PricedSeat, travellers: Sequence[Traveller]) -> Passenger:
    seat, amount = priced.seat, priced.amount
    traveller = next((one for one in travellers if one.seat == seat.number), Traveller(seat.number))
    tax = amount - without_tax(amount, booking.tax_bps)
    return Passenger(
        booking=booking,
        seat=seat,
        full_name=traveller.full_name,
        document=traveller.document,
        cancellation_policy=priced.policy,
        fare_amount=amount - tax,
        tax_amount=tax,
        fee_amount=booking.trip.booking_fee,
    )
