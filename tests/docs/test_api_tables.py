"""The tables of docs/api.md tell every call and every error code, and none that does not exist."""

import re
from collections.abc import Iterator

import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from core.api import problems
from core.errors import Problem
from payments.gateways.stripe.events import MAX_SIGNATURE_AGE, MAX_SIGNATURE_LEAD
from tests.docs.documents import rows, section

API = "docs/api.md"


@pytest.fixture(scope="module")
def operations() -> dict[str, dict]:
    """Every operation of the API, by `GET /me`."""
    schema = SchemaGenerator(api_version="1").get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def documented_calls() -> dict[str, str]:
    return {call: needs for call, needs, _ in rows(section(API, "All calls"))}


def test_every_call_is_told_and_no_other(operations):
    assert sorted(documented_calls()) == sorted(operations)


def test_the_calls_that_need_a_key_are_marked(operations):
    marked = {call for call, needs in documented_calls().items() if needs.endswith("K")}
    assert marked == {
        call
        for call, operation in operations.items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }


def test_the_calls_that_need_a_token_are_marked(operations):
    marked = {call for call, needs in documented_calls().items() if needs.startswith("token")}
    # Operations that are public offer, beside a token, to send nothing.
    assert marked == {
        call for call, operation in operations.items() if operation.get("security") == [{"accessToken": []}]
    }


def subclasses(root: type[Problem]) -> Iterator[type[Problem]]:
    for found in root.__subclasses__():
        yield found
        yield from subclasses(found)


def test_every_code_is_told_with_its_status_and_no_other():
    assert get_resolver().url_patterns, "all views, and with them all errors, are loaded"
    ours = {(error.code, error.status) for error in subclasses(Problem) if not error.__module__.startswith("tests.")}
    frameworks = {(code, error.status_code) for error, (code, _) in problems._FRAMEWORK_CODES.items()}
    told = [(cells[0], int(cells[1])) for cells in rows(section(API, "Errors"))]
    assert len(told) == len(set(told)), "a code stands there twice"
    assert set(told) == ours | frameworks


def test_the_limits_of_a_signature_are_those_of_the_code():
    text = section(API, "Webhooks in")
    assert re.findall(r"(\d+) seconds", text) == [str(MAX_SIGNATURE_AGE), str(MAX_SIGNATURE_LEAD)]
