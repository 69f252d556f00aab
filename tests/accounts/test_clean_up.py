"""cleanup_sessions: expired tokens go, and nobody who holds one notices."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.models import Device, RefreshToken
from core import jobs
from tests.accounts.conftest import PASSWORD, assert_problem, bearing, logout, refresh, sign_in
from tests.clock import turned_to

LIFETIME = settings.REFRESH_TOKEN_LIFETIME
NOTHING = {"refresh_tokens": 0, "devices": 0, "sessions": 0}


@pytest.fixture(autouse=True)
def clock():
    """Time that moves only when told to; in force before anything is made."""
    with turned_to(datetime(2031, 5, 6, 7, 8, tzinfo=UTC), ticking=False) as clock:
        yield clock


def clean_up() -> dict[str, int]:
    return jobs.run("cleanup_sessions")


def test_a_device_that_was_not_used_for_a_month_is_forgotten_with_its_tokens(api, pair, clock):
    clock.move_by(LIFETIME - timedelta(seconds=1))
    assert clean_up() == NOTHING
    clock.move_by(timedelta(seconds=1))
    assert clean_up() == {**NOTHING, "refresh_tokens": 1, "devices": 1}
    assert not Device.objects.exists()
    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert clean_up() == NOTHING


def test_a_device_in_use_loses_its_spent_tokens_and_goes_on(api, pair, clock):
    clock.move_by(LIFETIME - timedelta(hours=1))
    second = refresh(api, pair["refresh"]).json()
    clock.move_by(timedelta(hours=1))
    assert clean_up() == {**NOTHING, "refresh_tokens": 1}

    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")  # as before the clean-up: it had expired
    assert Device.objects.get().signed_out_at is None
    third = refresh(api, second["refresh"])
    assert third.status_code == 200
    assert bearing(third.json()["access"]).get("/api/v1/me").status_code == 200


def test_a_spent_token_that_has_not_expired_still_betrays_its_thief(api, pair, clock):
    refresh(api, pair["refresh"])
    clock.move_by(LIFETIME - timedelta(seconds=1))
    assert clean_up() == NOTHING
    assert_problem(refresh(api, pair["refresh"]), 401, "token_reused")


def test_a_device_that_signed_out_is_kept_until_its_tokens_expire(api, pair, clock):
    logout(api, pair["refresh"])
    assert clean_up() == NOTHING
    clock.move_by(LIFETIME)
    assert clean_up() == {**NOTHING, "refresh_tokens": 1, "devices": 1}


def test_sessions_of_pages_go_when_they_have_expired(client, user, clock):
    client.login(email=user.email, password=PASSWORD)
    session = Session.objects.get()
    clock.move_to(session.expire_date - timedelta(seconds=1))
    assert clean_up() == NOTHING
    clock.move_to(session.expire_date)
    assert clean_up() == {**NOTHING, "sessions": 1}


def test_others_keep_what_is_theirs(api, pair, user, clock):
    clock.move_by(LIFETIME - timedelta(seconds=1))
    tablet = sign_in(api, device_name="Tablet").json()
    clock.move_by(timedelta(seconds=1))
    clean_up()
    assert [device.name for device in Device.objects.all()] == ["Tablet"]
    assert RefreshToken.objects.count() == 1
    assert refresh(api, tablet["refresh"]).status_code == 200
