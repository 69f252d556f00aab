"""The REST interface as a program sees it."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from bookings.models import Trip
from tests.world import make_trip, make_user


def token_of(user: User) -> str:
    """An access token as a sign-in gives it."""
    token = AccessToken()
    token["sub"] = str(user.pk)
    token["device"] = str(uuid.uuid4())
    return str(token)


class Api:
    """A caller with a token, or without."""

    def __init__(self, user: User | None = None) -> None:
        self.user = user
        self._client = Client(raise_request_exception=False)
        self._headers = {"Authorization": f"Bearer {token_of(user)}"} if user else {}

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(f"/api/v1{path}", query, headers=self._headers)

    def send(self, method: str, path: str, body: Any = None, key: str | None = "", **headers: str) -> Any:
        """A request with a JSON body; with a fresh Idempotency-Key unless one, or None, is given."""
        keys = {} if key is None else {"Idempotency-Key": key or uuid.uuid4().hex}
        return self._client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={**self._headers, **keys, **headers},
        )

    def post(self, path: str, body: Any = None, key: str | None = "", **headers: str) -> Any:
        return self.send("POST", path, body, key, **headers)


@pytest.fixture
def api(db) -> Api:
    return Api(make_user())


@pytest.fixture
def stranger(db) -> Api:
    return Api(make_user("stranger@example.com"))


@pytest.fixture
def nobody(db) -> Api:
    return Api()


@pytest.fixture
def trip(db) -> Trip:
    return make_trip("A", "B", "C")
