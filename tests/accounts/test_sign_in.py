"""POST /auth/token."""

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.utils import timezone

from accounts.models import Device, RefreshToken, User
from accounts.refresh_secret import digest
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, bearing, sign_in


def test_each_sign_in_begins_a_device(api, user) -> None:
    moment = timezone.now().replace(microsecond=0)
    with time_machine.travel(moment, tick=False):
        response = sign_in(api, device_name="Phone")
    sign_in(api)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert set(response.json()) == {"access", "refresh", "expires_in"}
    first, second = Device.objects.order_by("created_at")
    assert (first.user, first.name, first.user_agent) == (user, "Phone", "Berth/1.0 (iPhone)")
    assert (first.ip, first.last_used_at, first.signed_out_at) == ("127.0.0.1", moment, None)
    assert second.name == ""


def test_the_address_may_be_spelt_in_any_case(api, user) -> None:
    assert sign_in(api, email="AMINA@Example.com").status_code == 200


def test_the_refresh_token_lives_as_long_as_the_settings_say(api, user, settings) -> None:
    moment = timezone.now().replace(microsecond=0)
    with time_machine.travel(moment, tick=False):
        sign_in(api)

    assert RefreshToken.objects.get().expires_at == moment + settings.REFRESH_TOKEN_LIFETIME


def test_the_database_does_not_hold_the_token_in_clear(api, pair) -> None:
    secret = pair["refresh"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS line WHERE line::text LIKE %s', [f"%{secret}%"])
            assert cursor.fetchone() == (0,), table
    assert RefreshToken.objects.get().digest == digest(secret)
    assert len(secret) >= 43


def test_the_digest_depends_on_the_pepper(settings) -> None:
    settings.REFRESH_TOKEN_PEPPERS = ["a" * 32]
    first = digest("token")
    settings.REFRESH_TOKEN_PEPPERS = ["b" * 32]

    assert digest("token") != first


@pytest.fixture
def hashings(monkeypatch) -> list:
    """Every password that is hashed."""
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(password) or encode(self, password, salt),
    )
    return hashed


@pytest.mark.parametrize(
    ("email", "password"), [("nobody@example.com", PASSWORD), (EMAIL, "wrong-password"), ("gone@example.com", PASSWORD)]
)
def test_wrong_credentials_are_refused_alike(api, user, hashings, email, password) -> None:
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    hashings.clear()

    problem = assert_problem(sign_in(api, email, password), 401, "not_authenticated")

    assert problem["detail"] == "The e-mail address or the password is wrong."
    assert len(hashings) == 1  # the time that a sign-in takes is the time of hashing
    assert not Device.objects.exists()
    assert not RefreshToken.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "x"}, "email"), ({"password": ""}, "password"), ({"device_name": "x" * 101}, "device_name")],
)
def test_a_malformed_body_is_refused_at_its_field(api, user, changes, field) -> None:
    problem = assert_problem(sign_in(api, **changes), 400, "validation_error")

    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Device.objects.exists()


def test_a_long_user_agent_is_cut(api, user) -> None:
    api.credentials(HTTP_USER_AGENT="x" * 5000)

    assert sign_in(api).status_code == 200
    assert Device.objects.get().user_agent == "x" * 300


@pytest.mark.parametrize(
    ("peer", "stored"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"), ("", None)],
)
def test_the_address_is_that_of_the_connection(api, user, peer, stored) -> None:
    api.credentials(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="198.51.100.1")

    assert sign_in(api).status_code == 200
    assert Device.objects.get().ip == stored


def test_an_access_token_that_is_sent_along_is_not_looked_at(api, user) -> None:
    api.credentials(HTTP_AUTHORIZATION="Bearer rubbish")

    assert sign_in(api).status_code == 200


def test_me(pair, user, statements) -> None:
    with statements(1):  # the user; authentication asks nothing
        response = bearing(pair["access"]).get("/api/v1/me")

    assert response.json() == {"id": str(user.pk), "email": EMAIL, "full_name": "Amina Said", "language": "en"}


@pytest.mark.parametrize("what", ["deleted", "deactivated"])
def test_me_of_a_user_who_is_gone_is_a_bad_token(pair, user, what) -> None:
    if what == "deleted":
        user.delete()
    else:
        User.objects.update(is_active=False)

    assert_problem(bearing(pair["access"]).get("/api/v1/me"), 401, "token_invalid")
