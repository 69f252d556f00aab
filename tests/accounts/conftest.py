"""A traveller, and a client that speaks JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User

EMAIL = "amina@example.com"
PASSWORD = "seven-green-camels"


@pytest.fixture
def api() -> APIClient:
    return APIClient(headers={"User-Agent": "Berth/1.0 (iPhone)"})


@pytest.fixture
def user(db) -> User:
    return User.objects.create_user(EMAIL, PASSWORD, full_name="Amina Said")


@pytest.fixture
def pair(api, user) -> dict:
    """The tokens of the traveller's phone."""
    return sign_in(api, device_name="Phone").json()


@pytest.fixture
def statements() -> Callable:
    """A block that counts what is sent to PostgreSQL, apart from the borders of transactions."""

    @contextmanager
    def counted(most: int) -> Iterator[None]:
        with CaptureQueriesContext(connection) as captured:
            yield
        borders = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        sent = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(borders)]
        assert len(sent) <= most, "\n".join(sent)

    return counted


def sign_in(api: APIClient, email: str = EMAIL, password: str = PASSWORD, **more):
    return api.post("/api/v1/auth/token", {"email": email, "password": password, **more}, format="json")


def refresh(api: APIClient, token: str):
    return api.post("/api/v1/auth/token/refresh", {"refresh": token}, format="json")


def logout(api: APIClient, token: str):
    return api.post("/api/v1/auth/logout", {"refresh": token}, format="json")


def bearing(access: str) -> APIClient:
    """A client that sends this access token."""
    return APIClient(headers={"Authorization": f"Bearer {access}"})


def assert_problem(response, status: int, code: str) -> dict:
    """The answer is a problem document of this status and code, with the correlation id of the answer."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["correlation_id"] == response["X-Correlation-ID"]
    return problem
