"""The OpenAPI document describes accounts as they are."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema() -> dict:
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(request=None, public=True)


def test_accounts_are_described_without_a_warning(schema) -> None:
    complaints = [text for cache in (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) for text in cache]

    assert not [text for text in complaints if "accounts" in text]


@pytest.mark.parametrize(
    ("method", "path", "status", "open_to_all"),
    [
        ("post", "auth/register", "201", True),
        ("post", "auth/token", "200", True),
        ("post", "auth/token/refresh", "200", True),
        ("post", "auth/logout", "204", True),
        ("get", "auth/devices", "200", False),
        ("delete", "auth/devices", "204", False),
        ("delete", "auth/devices/{device_id}", "204", False),
        ("get", "me", "200", False),
    ],
)
def test_every_call_is_described(schema, method, path, status, open_to_all) -> None:
    operation = schema["paths"][f"/api/v1/{path}"][method]

    assert set(operation["responses"]) == {status, "4XX", "5XX"}
    assert ("security" not in operation) is open_to_all
    assert operation.get("security", [{"accessToken": []}]) == [{"accessToken": []}]


def test_passwords_and_tokens_are_told_apart(schema) -> None:
    schemas = schema["components"]["schemas"]

    assert set(schemas["RegistrationRequest"]["properties"]) == {"email", "password", "full_name"}
    assert set(schemas["CredentialsRequest"]["properties"]) == {"email", "password", "device_name", "code"}
    assert set(schemas["Registered"]["properties"]) == {"user", "access", "refresh", "expires_in"}
    assert set(schemas["User"]["properties"]) == {"id", "email", "full_name", "language"}
