"""POST /auth/logout, GET and DELETE /auth/devices."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Device, RefreshToken, User
from tests.accounts.conftest import PASSWORD, assert_problem, bearing, logout, refresh, sign_in


@pytest.fixture
def tablet(api, pair) -> dict:
    """The tokens of the traveller's second device."""
    return sign_in(api, device_name="Tablet").json()


@pytest.fixture
def stranger(db) -> APIClient:
    """Another user, signed in."""
    User.objects.create_user("omar@example.com", PASSWORD)
    api = APIClient()
    return bearing(sign_in(api, "omar@example.com").json()["access"])


def devices(access: str) -> list[dict]:
    response = bearing(access).get("/api/v1/auth/devices")
    assert response.status_code == 200
    return response.json()["results"]


def signed_in() -> set[str]:
    return set(Device.objects.filter(signed_out_at=None).values_list("name", flat=True))


# ----------------------------------------------------------------------------------------------------------- logout
def test_logout_signs_the_device_out(api, pair, tablet) -> None:
    response = logout(api, pair["refresh"])

    assert (response.status_code, response.content) == (204, b"")
    assert signed_in() == {"Tablet"}
    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert refresh(api, tablet["refresh"]).status_code == 200


def test_logout_with_a_spent_token_signs_the_device_out(api, pair) -> None:
    new = refresh(api, pair["refresh"]).json()
    logout(api, pair["refresh"])

    assert signed_in() == set()
    assert_problem(refresh(api, new["refresh"]), 401, "token_invalid")


def test_logout_twice_is_no_error(api, pair) -> None:
    logout(api, pair["refresh"])
    first = Device.objects.get().signed_out_at

    assert logout(api, pair["refresh"]).status_code == 204
    assert Device.objects.get().signed_out_at == first


def test_logout_of_an_unknown_token_changes_nothing(api, pair) -> None:
    assert logout(api, "x" * 43).status_code == 204
    assert signed_in() == {"Phone"}
    assert RefreshToken.objects.get().status == "active"


def test_logout_needs_a_token(api, pair) -> None:
    response = api.post("/api/v1/auth/logout", {}, format="json")

    assert assert_problem(response, 400, "validation_error")["errors"][0]["field"] == "refresh"
    assert signed_in() == {"Phone"}


# ------------------------------------------------------------------------------------------------------------- list
def test_the_list_tells_where_one_is_signed_in(pair, tablet, stranger, statements) -> None:
    with statements(1):
        response = bearing(tablet["access"]).get("/api/v1/auth/devices")

    answer = response.json()
    assert (answer["next"], answer["previous"]) == (None, None)
    second, first = answer["results"]
    assert set(first) == {"id", "name", "user_agent", "ip", "created_at", "last_used_at", "current"}
    assert (first["name"], first["current"]) == ("Phone", False)
    assert (second["name"], second["current"]) == ("Tablet", True)
    assert (first["user_agent"], first["ip"]) == ("Berth/1.0 (iPhone)", "127.0.0.1")
    assert first["id"] == str(Device.objects.get(name="Phone").pk)


def test_the_list_goes_on_by_cursor(api, pair, tablet) -> None:
    api = bearing(pair["access"])
    first = api.get("/api/v1/auth/devices", {"page_size": 1}).json()
    second = api.get(first["next"]).json()

    assert [device["name"] for device in first["results"] + second["results"]] == ["Tablet", "Phone"]
    assert second["next"] is None


def test_signed_out_and_expired_devices_are_not_listed(api, pair, tablet) -> None:
    logout(api, tablet["refresh"])
    assert [device["name"] for device in devices(pair["access"])] == ["Phone"]

    with time_machine.travel(timezone.now() + timedelta(days=31)):
        laptop = sign_in(api, device_name="Laptop").json()
        assert [device["name"] for device in devices(laptop["access"])] == ["Laptop"]


# --------------------------------------------------------------------------------------------------------- sign out
def test_one_device_is_signed_out(api, pair, tablet) -> None:
    target = next(device for device in devices(pair["access"]) if not device["current"])
    response = bearing(pair["access"]).delete(f"/api/v1/auth/devices/{target['id']}")

    assert (response.status_code, response.content) == (204, b"")
    assert signed_in() == {"Phone"}
    assert_problem(refresh(api, tablet["refresh"]), 401, "token_invalid")
    assert refresh(api, pair["refresh"]).status_code == 200


def test_the_access_token_outlives_its_device_until_it_expires(pair) -> None:
    api = bearing(pair["access"])
    api.delete("/api/v1/auth/devices")

    assert api.get("/api/v1/me").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=901)):
        assert_problem(api.get("/api/v1/me"), 401, "token_invalid")


def test_all_devices_are_signed_out(api, pair, tablet, stranger) -> None:
    response = bearing(pair["access"]).delete("/api/v1/auth/devices")

    assert (response.status_code, response.content) == (204, b"")
    for tokens in (pair, tablet):
        assert_problem(refresh(api, tokens["refresh"]), 401, "token_invalid")
    assert devices(pair["access"]) == []
    assert Device.objects.get(user__email="omar@example.com").signed_out_at is None


def test_a_device_of_another_user_is_not_found(pair, stranger) -> None:
    response = stranger.delete(f"/api/v1/auth/devices/{Device.objects.get(name='Phone').pk}")

    assert_problem(response, 404, "not_found")
    assert signed_in() == {"Phone", ""}


def test_a_device_that_is_signed_out_is_not_found(api, pair, tablet) -> None:
    logout(api, tablet["refresh"])
    gone = Device.objects.get(name="Tablet")

    assert_problem(bearing(pair["access"]).delete(f"/api/v1/auth/devices/{gone.pk}"), 404, "not_found")


@pytest.mark.parametrize("device_id", ["3f0d8a52-9a1c-4d0e-8b57-0c6f1f6f2a11", "7", "no-uuid"])
def test_an_unknown_device_is_not_found(pair, device_id) -> None:
    assert_problem(bearing(pair["access"]).delete(f"/api/v1/auth/devices/{device_id}"), 404, "not_found")
    assert signed_in() == {"Phone"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "auth/devices"), ("delete", "auth/devices"), ("delete", "auth/devices/7"), ("get", "me")],
)
def test_without_a_token_nothing_is_told_or_done(api, pair, method, path) -> None:
    assert_problem(getattr(api, method)(f"/api/v1/{path}"), 401, "not_authenticated")
    assert signed_in() == {"Phone"}


@pytest.mark.parametrize("path", ["auth/register", "auth/token", "auth/token/refresh", "auth/logout"])
def test_other_methods_are_not_offered(api, db, path) -> None:
    assert_problem(api.get(f"/api/v1/{path}"), 405, "method_not_allowed")
