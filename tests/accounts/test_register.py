"""POST /auth/register."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import Device, RefreshToken, User
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, bearing

BODY = {"email": EMAIL, "password": PASSWORD, "full_name": "Amina Said"}


def register(api, **changes):
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return api.post("/api/v1/auth/register", body, format="json")


def assert_nothing_happened(users: int = 0) -> None:
    assert User.objects.count() == users
    assert not Device.objects.exists()
    assert not RefreshToken.objects.exists()


def test_a_new_account_is_signed_in(api, db) -> None:
    response = register(api)

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    user = User.objects.get()
    assert answer["user"] == {"id": str(user.pk), "email": EMAIL, "full_name": "Amina Said", "language": "en"}
    assert answer["expires_in"] == 900
    assert set(answer) == {"user", "access", "refresh", "expires_in"}
    assert bearing(answer["access"]).get("/api/v1/me").json() == answer["user"]
    assert user.check_password(PASSWORD)
    assert not user.is_staff
    assert not user.is_superuser


def test_rights_in_the_body_are_ignored(api, db) -> None:
    assert register(api, is_staff=True, is_superuser=True, id=7, unknown=["x"]).status_code == 201

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_the_address_is_kept_in_lower_case(api, db) -> None:
    assert register(api, email="Amina@Example.COM").json()["user"]["email"] == EMAIL


def test_the_language_is_the_one_the_client_accepts(api, db) -> None:
    response = api.post("/api/v1/auth/register", BODY, format="json", headers={"Accept-Language": "ar-SA,ar;q=0.9"})

    assert response.json()["user"]["language"] == "ar"


@pytest.mark.parametrize("spelling", [EMAIL, "AMINA@example.com"])
def test_a_taken_address_is_refused_at_its_field(api, user, spelling) -> None:
    problem = assert_problem(register(api, email=spelling), 400, "validation_error")

    assert problem["errors"] == [{"field": "email", "code": "unique", "message": "This address has an account."}]
    assert_nothing_happened(users=1)


def test_an_address_that_someone_added_on_the_pages_is_taken(api, user) -> None:
    EmailAddress.objects.create(user=user, email="second@example.com")

    problem = assert_problem(register(api, email="second@example.com"), 400, "validation_error")

    assert problem["errors"][0]["field"] == "email"
    assert_nothing_happened(users=1)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"email": "no address"}, "email", "invalid"),
        ({"email": None}, "email", "required"),
        ({"email": ["a@example.com"]}, "email", "invalid"),
        ({"email": "a" * 250 + "@example.com"}, "email", "max_length"),
        ({"password": None}, "password", "required"),
        ({"password": "short"}, "password", "password_too_short"),
        ({"password": "password123"}, "password", "password_too_common"),
        ({"password": "amina@example.com"}, "password", "password_too_similar"),
        ({"password": "with\0null-and-more"}, "password", "null_characters_not_allowed"),
        ({"full_name": ""}, "full_name", "blank"),
        ({"full_name": "x" * 151}, "full_name", "max_length"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(api, db, changes, field, code) -> None:
    problem = assert_problem(register(api, **changes), 400, "validation_error")

    assert (field, code) in {(error["field"], error["code"]) for error in problem["errors"]}
    assert {error["field"] for error in problem["errors"]} == {field}
    assert_nothing_happened()


def test_all_wrong_fields_are_named_at_once(api, db) -> None:
    problem = assert_problem(register(api, email="x", password="x", full_name=""), 400, "validation_error")

    assert {error["field"] for error in problem["errors"]} == {"email", "password", "full_name"}


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "{", "12"])
def test_a_body_that_is_no_object_is_refused(api, db, body) -> None:
    response = api.post("/api/v1/auth/register", body, content_type="application/json")

    assert_problem(response, 400, "validation_error")
    assert_nothing_happened()


def test_a_form_is_not_json(api, db) -> None:
    response = api.post("/api/v1/auth/register", "email=x", content_type="application/x-www-form-urlencoded")

    assert_problem(response, 415, "unsupported_media_type")


def test_a_huge_body_is_not_read(api, db, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    assert_problem(register(api, full_name="x" * 1000), 413, "payload_too_large")
    assert_nothing_happened()


@pytest.mark.django_db(transaction=True)
def test_of_four_registrations_at_once_one_wins() -> None:
    def attempt(_number: int):
        try:
            return register(APIClient())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(attempt, range(4)))

    refused = [response for response in responses if response.status_code != 201]
    assert len(refused) == 3
    for response in refused:
        assert_problem(response, 400, "validation_error")
        assert response.json()["errors"][0]["field"] == "email"
    assert User.objects.count() == Device.objects.count() == RefreshToken.objects.count() == 1
