"""The API's JSON of bookings, trips and seats. Plain functions: these are on the hot paths."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bookings.models import Booking, Place, TripStop
from bookings.queries import FoundTrip, SeatState, Stretch
from core.models import StatusChange
from core.money import Money


def place_json(place: Place) -> dict[str, str]:
    """A place."""
    return {
        "code": place.code,
        "name": place.local_name,
        "city": place.local_city,
        "country": place.country,
        "timezone": place.timezone,
        "kind": place.kind,
    }


def named(place: Place) -> dict[str, str]:
    """A place as other things mention it."""
    return {"code": place.code, "name": place.local_name}


def local(at: datetime, place: Place) -> str:
    """A time with the offset of the place."""
    return at.astimezone(place.zone).isoformat()


def trip_json(trip: FoundTrip, seats_left: int, origin: Place, destination: Place) -> dict[str, Any]:
    """A trip on a stretch."""
    return {
        "id": str(trip.id),
        "mode": trip.mode,
        "number": trip.number,
        "operator": {"code": trip.operator_code, "name": trip.operator_name},
        "origin": named(origin),
        "destination": named(destination),
        "departs_at": local(trip.departs_at, origin),
        "arrives_at": local(trip.arrives_at, destination),
        "price": trip.price.to_json(),
        "seats_left": seats_left,
        "status": trip.status,
    }


def trip_detail_json(stretch: Stretch, offer: tuple[Money | None, int]) -> dict[str, Any]:
    """A trip on a stretch with all its stops."""
    trip, (price, seats_left) = stretch.boarding.trip, offer
    origin, destination = stretch.boarding.place, stretch.alighting.place
    return {
        "id": str(trip.pk),
        "mode": trip.mode,
        "number": trip.number,
        "operator": {"code": trip.operator.code, "name": trip.operator.name},
        "origin": named(origin),
        "destination": named(destination),
        "departs_at": local(stretch.boarding.departs_at, origin),
        "arrives_at": local(stretch.alighting.arrives_at, destination),
        "price": price.to_json() if price else None,
        "seats_left": seats_left,
        "status": trip.status,
        "stops": [stop_json(stop) for stop in stretch.stops],
        "cancellation_policy": trip.cancellation_policy,
    }


def stop_json(stop: TripStop) -> dict[str, Any]:
    """A stop of a trip."""
    return {
        **named(stop.place),
        "position": stop.position,
        "arrives_at": local(stop.arrives_at, stop.place),
        "departs_at": local(stop.departs_at, stop.place),
    }


def seat_json(seat: SeatState) -> dict[str, Any]:
    """A seat on a stretch."""
    return {
        "number": seat.number,
        "row": seat.row,
        "column": seat.column,
        "fare_class": seat.fare_class,
        "price": seat.price.to_json() if seat.price else None,
        "status": seat.status,
        "features": list(seat.features),
    }


def booking_json(booking: Booking, changes: Sequence[StatusChange] = ()) -> dict[str, Any]:
    """A booking whose trip, stops and passengers are loaded; `changes` are its status changes, oldest first."""
    origin, destination = booking.boarding.place, booking.alighting.place
    return {
        "reference": booking.reference,
        "status": booking.status,
        "payment_status": booking.payment_status,
        "trip": str(booking.trip_id),
        "origin": named(origin),
        "destination": named(destination),
        "departs_at": local(booking.boarding.departs_at, origin),
        "arrives_at": local(booking.alighting.arrives_at, destination),
        "seats": [passenger.seat.number for passenger in booking.live_passengers()],
        "passengers": [
            {
                "seat": passenger.seat.number,
                "full_name": passenger.full_name,
                "document": passenger.document,
                "status": passenger.status,
            }
            for passenger in booking.passengers.all()
        ],
        "contact": {"email": booking.contact_email, "phone": booking.contact_phone},
        "total": booking.total.to_json(),
        "paid": booking.paid.to_json(),
        "refunded": booking.refunded.to_json(),
        "expires_at": booking.expires_at.isoformat() if booking.is_unpaid or booking.status == "expired" else None,
        "hold_extendable": booking.hold_extendable,
        "created_at": booking.created_at.isoformat(),
        "history": [
            {"from": None, "to": "pending", "at": booking.created_at.isoformat(), "reason": ""},
            *(
                {
                    "from": change.from_status,
                    "to": change.to_status,
                    "at": change.at.isoformat(),
                    "reason": change.reason,
                }
                for change in changes
            ),
        ],
    }
