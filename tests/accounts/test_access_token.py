"""Who is let in by `Authorization: Bearer`."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.access_token import key_id
from accounts.api.authentication import AccessTokenAuthentication
from accounts.models import Device
from tests.accounts.conftest import assert_problem, bearing, sign_in

NEW, OLD = "new-secret-of-at-least-32-characters", "old-secret-of-at-least-32-characters"


def me(access: str):
    return bearing(access).get("/api/v1/me")


def claims_of(access: str) -> dict:
    return jwt.decode(access, options={"verify_signature": False})


def test_the_claims_name_the_user_and_the_device(pair, user) -> None:
    claims = claims_of(pair["access"])

    assert claims["sub"] == str(user.pk)
    assert claims["device"] == str(Device.objects.get().pk)
    assert claims["exp"] - claims["iat"] == pair["expires_in"] == 900
    assert jwt.get_unverified_header(pair["access"])["alg"] == "HS256"


def test_authentication_asks_the_database_nothing(pair, user, rf, django_assert_num_queries) -> None:
    request = rf.get("/api/v1/me", headers={"Authorization": f"Bearer {pair['access']}"})

    with django_assert_num_queries(0):
        caller, _token = AccessTokenAuthentication().authenticate(request)

    assert (caller.pk, caller.device_id) == (user.pk, str(Device.objects.get().pk))


def test_the_scheme_may_be_spelt_in_any_case(pair) -> None:
    api = APIClient(headers={"Authorization": f"bearer {pair['access']}"})

    assert api.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("header", [None, "Basic YTpi", ""])
def test_without_a_token_one_is_not_authenticated(api, db, header) -> None:
    if header is not None:
        api.credentials(HTTP_AUTHORIZATION=header)

    response = api.get("/api/v1/me")

    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_an_expired_token_is_refused(pair) -> None:
    end = datetime.fromtimestamp(claims_of(pair["access"])["exp"], UTC)
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert me(pair["access"]).status_code == 200
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        response = me(pair["access"])

    assert_problem(response, 401, "token_invalid")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(claims: dict, secret: str = "", **header: object) -> str:
    """A token with any header at all, signed with SHA-256 if there is a secret."""
    signed = ".".join(base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", **header}, claims))
    signature = hmac.digest(secret.encode(), signed.encode(), "sha256") if secret else b""
    return f"{signed}.{base64url(signature)}"


def with_claims(access: str, settings, **changes) -> str:
    claims = {name: value for name, value in {**claims_of(access), **changes}.items() if value is not None}
    return jwt.encode(claims, settings.JWT_SECRETS[0], "HS256")


def test_a_token_that_we_signed_is_believed(pair, settings) -> None:
    assert me(by_hand(claims_of(pair["access"]), settings.JWT_SECRETS[0], alg="HS256")).status_code == 200
    assert me(with_claims(pair["access"], settings)).status_code == 200  # so the refusals below have one reason each


@pytest.mark.parametrize(
    "forge",
    [
        lambda access, _: by_hand(claims_of(access), alg="none"),
        lambda access, _: jwt.encode(claims_of(access), "another-secret-of-32-characters-or-more", "HS256"),
        lambda access, settings: jwt.encode(claims_of(access), settings.JWT_SECRETS[0] * 2, "HS512"),
        lambda access, _: access[:-3],
        lambda access, _: access + "x",
        lambda access, _: "",
        lambda access, _: "é" * 20,
        lambda access, _: "a.b.c",
        lambda access, settings: jwt.encode(claims_of(access), OLD, headers={"kid": key_id(settings.JWT_SECRETS[0])}),
        lambda access, settings: jwt.encode(claims_of(access), OLD, headers={"kid": "../../secret"}),
        lambda access, settings: by_hand(claims_of(access), settings.JWT_SECRETS[0] + "x", alg="HS256", kid=[7]),
        lambda access, settings: with_claims(access, settings, exp=None),
        lambda access, settings: with_claims(access, settings, token_type="refresh"),
        lambda access, settings: with_claims(access, settings, sub=None),
        lambda access, settings: with_claims(access, settings, sub="somebody"),
        lambda access, settings: with_claims(access, settings, device=None),
    ],
    ids=[
        "alg none",
        "another key",
        "another algorithm",
        "shorter signature",
        "longer signature",
        "empty",
        "no ASCII",
        "no JSON",
        "our key's name on another's signature",
        "a name of no key",
        "a list for a name",
        "endless",
        "another type",
        "nobody",
        "no number",
        "no device",
    ],
)
def test_a_forged_token_is_refused(pair, settings, forge) -> None:
    assert_problem(me(forge(pair["access"], settings)), 401, "token_invalid")


def test_a_refresh_token_is_no_access_token(pair) -> None:
    assert_problem(me(pair["refresh"]), 401, "token_invalid")


def test_secrets_are_replaced_without_signing_anyone_out(api, user, settings) -> None:
    settings.JWT_SECRETS = [OLD]
    before = sign_in(api).json()["access"]
    settings.JWT_SECRETS = [NEW, OLD]
    after = sign_in(api).json()["access"]

    assert me(before).status_code == 200
    assert me(after).status_code == 200
    jwt.decode(after, NEW, algorithms=["HS256"])  # the first secret signs
    names = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    assert len(set(names)) == 2  # and each token tells which secret signed it
    assert not any(name in secret for name in names for secret in (OLD, NEW))
    settings.JWT_SECRETS = [NEW]
    assert_problem(me(before), 401, "token_invalid")
    assert me(after).status_code == 200


def test_an_expired_token_of_the_old_secret_is_refused(api, user, settings) -> None:
    settings.JWT_SECRETS = [OLD]
    access = sign_in(api).json()["access"]
    settings.JWT_SECRETS = [NEW, OLD]

    with time_machine.travel(timezone.now() + timedelta(seconds=901), tick=False):
        problem = assert_problem(me(access), 401, "token_invalid")

    assert problem["detail"] == "The access token has expired."
