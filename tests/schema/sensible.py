"""What a program would ask that knows its way about, and everybody's ids: no luck is needed to get this far."""

import uuid
from collections.abc import Iterator
from typing import Any

from tests.schema.people import PASSWORD, Person
from tests.schema.world import World

Asked = dict[str, Any]
FREE = [[f"{row}{column}" for column in "AB"] for row in (31, 32)]  # of each trip; the rest is left to the generator

ODD_OPTIONS: list[tuple[str, Asked]] = [
    *(("calculate_settlements", {"month": month}) for month in ("0001-01", "9999-12", "2026-13", "")),
    *(("reconcile_payments", {"lookback_days": days}) for days in (-1, 0, 10**30)),
    ("reconcile_payments", {"dry_run": True, "limit": 10**30}),
]


def sensible(operation: str, world: World, person: Person | None) -> Iterator[Asked]:
    """Requests for this operation, each as arguments of Schemathesis's `operation.Case`."""
    for asked in (*_about_bookings(operation, world), *_about_others(operation, world, person)):
        headers = {"Idempotency-Key": uuid.uuid4().hex} if operation.startswith("POST") else {}
        yield {"headers": headers, **asked, **({"media_type": "application/json"} if "body" in asked else {})}


def _about_bookings(operation: str, world: World) -> Iterator[Asked]:
    path = operation.partition("/api/v1/")[2]
    if path.startswith("bookings/{reference}"):
        for person in world.people:
            for reference in person.references:
                yield {"path_parameters": {"reference": reference}, **_body_about_booking(operation, person)}
    elif path.startswith("payments/{payment_id}"):
        for payment in world.payments:
            yield {"path_parameters": {"payment_id": payment}}
    elif operation == "POST /api/v1/bookings":
        for trip in world.trips:
            for seats in FREE:
                yield {"body": _new_booking(trip, seats)}


def _body_about_booking(operation: str, person: Person) -> Asked:
    match operation.removeprefix("POST /api/v1/bookings/{reference}/"):
        case "payments":
            return {"body": {"gateway": "stripe"}}
        case "cancellation":  # what comes back for four seats that were paid
            return {"body": {"expected_refund": {"amount": 33_600, "currency": "SAR"}}}
        case "PUT /api/v1/bookings/{reference}/passengers":  # of a booking that nobody was named for
            return {"body": [{"seat": f"{person.first_row}A", "full_name": "Whoever Asks"}]}
    return {}


def _new_booking(trip: str, seats: list[str]) -> Asked:
    return {
        "trip": trip,
        "origin": "RUH",
        "destination": "JED",
        "seats": seats,
        "contact": {"email": "whoever@example.com"},
        "passengers": [{"seat": seat, "full_name": "Whoever Asks"} for seat in seats],
    }


def _about_others(operation: str, world: World, person: Person | None) -> Iterator[Asked]:
    stretch = {"origin": "RUH", "destination": "JED"}
    match operation.removeprefix("GET /api/v1/"):
        case "DELETE /api/v1/auth/devices/{device_id}":
            # Those of the registration; the others are needed for their refresh tokens.
            yield from ({"path_parameters": {"device_id": one.devices[-1]}} for one in world.people)
        case "trips":
            yield {"query": {**stretch, "date": world.date}}
        case "trips/{trip_id}" | "trips/{trip_id}/seats":
            yield from ({"path_parameters": {"trip_id": int(trip)}, "query": stretch} for trip in world.trips)
        case "POST /api/v1/auth/register":
            yield {"body": {"email": "new@example.com", "password": PASSWORD, "full_name": "Somebody New"}}
            yield {"body": {"email": world.user.email, "password": PASSWORD, "full_name": "Somebody Else"}}
        case "POST /api/v1/auth/token":
            yield {"body": {"email": world.user.email, "password": "what it might be"}}
            if person:
                yield {"body": {"email": person.email, "password": PASSWORD}}
        case "POST /api/v1/me/close":  # refused while there are bookings to come
            yield {"body": {"password": PASSWORD}}
        case "POST /api/v1/auth/token/refresh" if person:
            yield {"body": {"refresh": person.refreshes[1]}}
        case "POST /api/v1/auth/logout" if person:
            yield {"body": {"refresh": person.refreshes[0]}}
        case "POST /api/v1/jobs/{name}":
            yield from ({"path_parameters": {"name": name}} for name in world.jobs)
            yield from ({"path_parameters": {"name": name}, "body": options} for name, options in ODD_OPTIONS)
