"""What is asked for at the addresses of programs and travellers: what would succeed for the one who may."""

import uuid
from typing import Any

from tests.rights.matrix import Wish, Wishes
from tests.rights.people import PASSWORD
from tests.rights.world import World
from tests.world import in_days

NEW_PASSWORD = "nine-patient-falcons"
BOOKING, PAYMENT = "/api/v1/bookings/<reference>", "/api/v1/payments/<payment_id>"
PAGE, FACTOR = "/bookings/<reference>", "/account/second-factor"
# Not signed: none of these people is a gateway.
EVENT = {"id": "evt_1", "object": "event", "type": "customer.created", "created": 1, "data": {"object": {}}}


def once(body: Any, **values: Any) -> Wish:
    """Under an idempotency key of its own."""
    return Wish(values, body, headers={"Idempotency-Key": uuid.uuid4().hex})


def seats_of(world: World) -> dict[str, Any]:
    stretch = {"origin": "RUH", "destination": "JED"}
    return {"trip": str(world.trip.pk), **stretch, "seats": ["5A"], "contact": {"email": "new@example.com"}}


def account(**more: str) -> dict[str, str]:
    return {"email": "new@example.com", "full_name": "New", **more}


def credentials(world: World) -> dict[str, str]:
    return {"email": world.people["owner"].user.email, "password": PASSWORD}


def refresh_token(world: World) -> dict[str, str]:
    return {"refresh": world.people["owner"].tokens["refresh"]}


PROGRAMS: Wishes = {
    "POST /api/v1/auth/register": lambda world: Wish(body=account(password=PASSWORD)),
    "POST /api/v1/auth/token": lambda world: Wish(body=credentials(world)),
    "POST /api/v1/auth/token/refresh": lambda world: Wish(body=refresh_token(world)),
    "POST /api/v1/auth/logout": lambda world: Wish(body=refresh_token(world)),
    "POST /api/v1/me/close": lambda world: Wish(body={"password": PASSWORD}),
    "GET /api/v1/trips": lambda world: Wish(query=f"?origin=RUH&destination=JED&date={in_days(7)}"),
    "POST /api/v1/bookings": lambda world: once(seats_of(world)),
    f"POST {BOOKING}/extend": lambda world: Wish({"reference": world.held.reference}),
    f"PUT {BOOKING}/passengers": lambda world: Wish(
        {"reference": world.held.reference}, [{"seat": "1A", "full_name": "Somebody Else"}]
    ),
    f"POST {BOOKING}/payments": lambda world: once({"gateway": "stripe"}, reference=world.held.reference),
    f"POST {BOOKING}/cancellation": lambda world: once({"expected_refund": {"amount": 16_800, "currency": "SAR"}}),
    f"POST {PAYMENT}/sync": lambda world: Wish({"payment_id": world.unheard.pk}),
    f"POST {PAYMENT}/cancel": lambda world: Wish({"payment_id": world.started.pk}),
    "POST /webhooks/stripe": lambda world: Wish(body=EVENT),
    "POST /webhooks/flutterwave": lambda world: Wish(body={"event": "charge.completed", "data": {"id": 1}}),
    "/<machine>/": lambda world: Wish({"machine": "api/none"}),
}


def held(body: Any = None) -> Any:
    return lambda world: Wish({"reference": world.held.reference}, body or {"name-1A": "Somebody Else"})


PAGES: Wishes = {
    "GET /trips": lambda world: Wish(query=f"?origin=RUH&destination=JED&date={in_days(7)}"),
    "GET /trips/<trip_id>/seats": lambda world: Wish(query="?origin=RUH&destination=JED"),
    "POST /trips/<trip_id>/seats": lambda world: Wish(
        body={"seats": ["5A"], "email": "new@example.com", "key": uuid.uuid4()}, query="?origin=RUH&destination=JED"
    ),
    f"{PAGE}/passengers": held(),
    f"{PAGE}/extend": held(),
    f"{PAGE}/pay": held({"name-1A": "Somebody Else", "gateway": "stripe"}),
    f"{PAGE}/leave": lambda world: Wish({"reference": world.started.booking.reference}, {"name-3A": "Somebody Else"}),
    f"POST {PAGE}/cancel": lambda world: Wish(body={"seats": ["2A", "2B"], "quoted": "2A,2B", "expected": "16800"}),
    "GET /payments/<payment_id>/return": lambda world: Wish({"payment_id": world.unheard.pk}),
    "POST /find-booking": lambda world: Wish(
        body={"reference": world.values["reference"], "email": world.held.contact_email}
    ),
    "POST /account/login/": lambda world: Wish(body={"login": world.people["owner"].user.email, "password": PASSWORD}),
    "POST /account/signup/": lambda world: Wish(body=account(password1=PASSWORD)),
    "POST /account/reauthenticate/": lambda world: Wish(body={"password": PASSWORD}),
    "POST /account/email/": lambda world: Wish(body={"email": world.people["owner"].user.email, "action_send": "1"}),
    "POST /account/password/change/": lambda world: Wish(
        body={"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    ),
    "POST /account/password/set/": lambda world: Wish(body={"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}),
    "POST /account/password/reset/": lambda world: Wish(body={"email": world.people["owner"].user.email}),
    "/account/confirm-email/<key>/": lambda world: Wish({"key": "guessed"}),
    "/account/password/reset/key/<uidb36>-<key>/": lambda world: Wish(
        {"uidb36": "1", "key": "guessed"}, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    ),
}
