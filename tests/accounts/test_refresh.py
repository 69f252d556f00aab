"""POST /auth/token/refresh: rotation, the lost answer, and the copied token."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Device, RefreshToken, User
from accounts.refresh_secret import digest
from core.models import StatusChange
from tests.accounts.conftest import assert_problem, bearing, refresh, sign_in


@pytest.fixture(autouse=True)
def clock():
    """Time that moves only when told to."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as traveller:
        yield traveller


def row(secret: str) -> RefreshToken:
    return RefreshToken.objects.get(digest=digest(secret))


def statuses(*secrets: str) -> list[str]:
    return [row(secret).status for secret in secrets]


def assert_signed_out() -> None:
    assert Device.objects.get().signed_out_at is not None
    assert set(RefreshToken.objects.values_list("status", flat=True)) == {"revoked"}


def test_the_next_pair_replaces_the_old_one(api, pair, user) -> None:
    response = refresh(api, pair["refresh"])

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    new = response.json()
    assert set(new) == {"access", "refresh", "expires_in"}
    assert new["refresh"] != pair["refresh"]
    assert statuses(pair["refresh"], new["refresh"]) == ["rotated", "active"]
    assert row(new["refresh"]).predecessor == row(pair["refresh"])
    assert bearing(new["access"]).get("/api/v1/me").json()["id"] == str(user.pk)


def test_the_device_stays_the_same_and_remembers_its_use(api, pair, clock) -> None:
    clock.shift(timedelta(hours=5))
    api.credentials(HTTP_USER_AGENT="Berth/2.0", REMOTE_ADDR="203.0.113.9")
    refresh(api, pair["refresh"])

    device = Device.objects.get()
    assert (device.name, device.user_agent, device.ip) == ("Phone", "Berth/2.0", "203.0.113.9")
    assert device.last_used_at == timezone.now()


def test_a_chain_of_refreshes_goes_on(api, pair, clock) -> None:
    for _ in range(5):
        clock.shift(timedelta(days=29))
        pair = refresh(api, pair["refresh"]).json()

    assert RefreshToken.objects.filter(status="active").count() == 1
    assert row(pair["refresh"]).expires_at == timezone.now() + timedelta(days=30)


def test_the_history_names_the_user(api, pair, user) -> None:
    refresh(api, pair["refresh"])

    change = StatusChange.objects.get(subject_type="accounts.refreshtoken")
    assert (change.from_status, change.to_status, change.actor) == ("active", "rotated", f"user:{user.pk}")
    assert change.subject_id == str(row(pair["refresh"]).pk)
    assert change.correlation_id


def test_a_refresh_takes_at_most_six_statements(api, pair, statements) -> None:
    with statements(6):
        assert refresh(api, pair["refresh"]).status_code == 200


# ------------------------------------------------------------------------------------------------- the lost answer
@pytest.mark.parametrize("seconds", [0, 29, 30])
def test_a_lost_answer_is_given_again(api, pair, clock, seconds) -> None:
    lost = refresh(api, pair["refresh"]).json()
    clock.shift(seconds)
    response = refresh(api, pair["refresh"])

    assert response.status_code == 200
    fresh = response.json()
    assert fresh["refresh"] != lost["refresh"]
    assert statuses(pair["refresh"], lost["refresh"], fresh["refresh"]) == ["rotated", "revoked", "active"]
    assert refresh(api, fresh["refresh"]).status_code == 200
    assert Device.objects.get().signed_out_at is None


def test_an_answer_may_be_lost_twice_but_the_grace_counts_from_the_first(api, pair, clock) -> None:
    refresh(api, pair["refresh"])
    clock.shift(20)
    assert refresh(api, pair["refresh"]).status_code == 200
    clock.shift(10)
    assert refresh(api, pair["refresh"]).status_code == 200
    assert RefreshToken.objects.filter(status="active").count() == 1
    clock.shift(1)
    assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")
    assert_signed_out()


def test_the_pair_that_was_replaced_is_good_for_nothing(api, pair, clock) -> None:
    """Two hold the same token; the one comes after the other. Neither may go on once the first one shows up again."""
    lost = refresh(api, pair["refresh"]).json()
    fresh = refresh(api, pair["refresh"]).json()

    assert_problem(refresh(api, lost["refresh"]), 401, "token_reused")
    assert_signed_out()
    assert_problem(refresh(api, fresh["refresh"]), 401, "token_invalid")


# ------------------------------------------------------------------------------------------------ the copied token
def test_after_the_grace_the_old_token_signs_the_device_out(api, pair, clock) -> None:
    new = refresh(api, pair["refresh"]).json()
    clock.shift(31)
    response = refresh(api, pair["refresh"])

    assert_problem(response, 401, "token_reused")
    assert "access" not in response.json()
    assert_signed_out()
    assert_problem(refresh(api, new["refresh"]), 401, "token_invalid")
    assert RefreshToken.objects.count() == 2  # nothing was issued


def test_within_the_grace_the_old_token_signs_the_device_out_if_its_successor_was_used(api, pair, clock) -> None:
    new = refresh(api, pair["refresh"]).json()
    newest = refresh(api, new["refresh"]).json()
    clock.shift(1)

    assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")
    assert_signed_out()
    assert_problem(refresh(api, newest["refresh"]), 401, "token_invalid")
    assert RefreshToken.objects.count() == 3


def test_a_spent_token_stays_reused(api, pair, clock) -> None:
    refresh(api, pair["refresh"])
    clock.shift(31)

    for _ in range(2):
        assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")


def test_other_devices_stay_signed_in(api, pair, clock) -> None:
    other = sign_in(api, device_name="Tablet").json()
    refresh(api, pair["refresh"])
    clock.shift(31)
    assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")

    assert refresh(api, other["refresh"]).status_code == 200


def test_every_token_that_is_revoked_leaves_its_history(api, pair, clock) -> None:
    refresh(api, pair["refresh"])
    clock.shift(31)
    refresh(api, pair["refresh"])

    revoked = StatusChange.objects.filter(subject_type="accounts.refreshtoken", to_status="revoked")
    assert sorted(revoked.values_list("from_status", "reason")) == [
        ("active", "a spent refresh token came again"),
        ("rotated", "a spent refresh token came again"),
    ]


def test_a_device_with_a_long_history_is_signed_out_as_fast_as_a_new_one(api, pair, clock, statements) -> None:
    token = pair["refresh"]
    for _ in range(20):
        token = refresh(api, token).json()["refresh"]

    with statements(6):
        assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")
    assert_signed_out()


# --------------------------------------------------------------------------------------------- what is not accepted
def test_an_unknown_token_is_invalid(api, pair) -> None:
    assert_problem(refresh(api, "x" * 43), 401, "token_invalid")
    assert statuses(pair["refresh"]) == ["active"]


def test_an_access_token_is_no_refresh_token(api, pair) -> None:
    assert_problem(refresh(api, pair["access"]), 401, "token_invalid")


def test_a_digest_from_the_database_is_no_token(api, pair) -> None:
    assert_problem(refresh(api, digest(pair["refresh"])), 401, "token_invalid")


def test_an_expired_token_is_invalid_and_nothing_happens(api, pair, clock) -> None:
    clock.shift(timedelta(days=30))

    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert statuses(pair["refresh"]) == ["active"]
    assert Device.objects.get().signed_out_at is None


def test_the_last_second_counts(api, user, clock) -> None:
    token = sign_in(api).json()["refresh"]
    clock.shift(timedelta(days=30) - timedelta(seconds=1))

    assert refresh(api, token).status_code == 200


def test_a_user_who_may_not_sign_in_may_not_refresh(api, pair, user) -> None:
    User.objects.update(is_active=False)

    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert statuses(pair["refresh"]) == ["active"]
    assert RefreshToken.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": ["x"]}, {"refresh": "a\0b"}])
def test_a_malformed_body_is_refused_at_its_field(api, db, body) -> None:
    problem = assert_problem(api.post("/api/v1/auth/token/refresh", body, format="json"), 400, "validation_error")

    assert [error["field"] for error in problem["errors"]] == ["refresh"]


# ------------------------------------------------------------------------------------------------------- the pepper
def test_peppers_are_replaced_without_signing_anyone_out(api, user, settings) -> None:
    settings.REFRESH_TOKEN_PEPPERS = ["old" * 11]
    token = sign_in(api).json()["refresh"]
    settings.REFRESH_TOKEN_PEPPERS = ["new" * 11, "old" * 11]
    token = refresh(api, token).json()["refresh"]
    settings.REFRESH_TOKEN_PEPPERS = ["new" * 11]

    assert refresh(api, token).status_code == 200


def test_without_its_pepper_a_token_is_unknown(api, pair, settings) -> None:
    settings.REFRESH_TOKEN_PEPPERS = ["another" * 6]

    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
