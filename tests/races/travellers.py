"""Travellers who call the API over HTTP, each on an account of their own."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from bookings.models import Trip
from tests.world import CONTACT


@dataclass(frozen=True)
class Traveller:
    """Somebody with an access token."""

    client: httpx.Client
    user_id: int

    def post(self, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """POST to the API, under a fresh idempotency key unless one is given."""
        headers = {**self._authorization, "Idempotency-Key": key or uuid.uuid4().hex}
        return self.client.post(f"/api/v1/{path}", json=body or {}, headers=headers, **more)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """GET from the API."""
        return self.client.get(f"/api/v1/{path}", params=parameters, headers=self._authorization)

    def hold(self, trip: Trip, *seats: str, stretch: tuple[str, str] = ("RUH", "JED"), key: str = "") -> httpx.Response:
        """Ask for seats, with a name for each."""
        wanted = {
            "trip": str(trip.pk),
            "origin": stretch[0],
            "destination": stretch[1],
            "seats": seats,
            "contact": {"email": CONTACT.email},
            "passengers": [{"seat": seat, "full_name": f"Traveller {seat}"} for seat in seats],
        }
        return self.post("bookings", wanted, key)

    @property
    def _authorization(self) -> dict[str, str]:
        token = AccessToken()
        token["sub"], token["device"] = str(self.user_id), str(uuid.uuid4())
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def travellers(server: str, count: int) -> Iterator[list[Traveller]]:
    """So many travellers who can call the server all at once."""
    users = User.objects.bulk_create(User(email=f"traveller-{uuid.uuid4().hex}@example.com") for _one in range(count))
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=server, limits=limits, timeout=60, trust_env=False, verify=False) as client:
        yield [Traveller(client, user.pk) for user in users]
