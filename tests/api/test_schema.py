"""The OpenAPI document tells what is asked for and what comes back."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api.asking import book


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator(api_version="1").get_schema(request=None, public=True)


def query_of(document: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    """The schemas of a GET's parameters, by name."""
    return {one["name"]: one["schema"] for one in document["paths"][f"/api/v1{path}"]["get"]["parameters"]}


@pytest.mark.parametrize("path", ["/auth/devices", "/bookings", "/jobs", "/places", "/trips"])
def test_every_list_is_documented_as_a_page_of_rows(document, path):
    answer = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    page = document["components"]["schemas"][name]
    assert page["required"] == ["next", "previous", "results"]
    assert page["properties"]["results"]["type"] == "array"


@pytest.mark.parametrize("path", ["/auth/devices", "/bookings", "/places"])
def test_a_list_that_takes_a_cursor_documents_it(document, path):
    query = query_of(document, path)
    assert query["cursor"] == {"type": "string"}
    assert query["page_size"] == {"type": "integer", "minimum": 1}


def test_the_jobs_are_documented_to_need_their_secret_and_to_take_options(document):
    scheme = {"type": "apiKey", "in": "header", "name": "X-Jobs-Secret"}
    assert document["components"]["securitySchemes"]["jobsSecret"] == scheme
    for path, method in (("/api/v1/jobs", "get"), ("/api/v1/jobs/{name}", "post")):
        assert document["paths"][path][method]["security"] == [{"jobsSecret": []}]
    options = document["paths"]["/api/v1/jobs/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert options == {"type": "object", "additionalProperties": {}}


def test_a_stretch_or_seats_left_empty_are_all_of_them_and_documented_as_possible(document, api, trip):
    reference = book(api, trip, "1A", "1B")["reference"]
    for path, known in (
        ("/trips/{trip_id}", f"/trips/{trip.pk}"),
        ("/trips/{trip_id}/seats", f"/trips/{trip.pk}/seats"),
        ("/bookings/{reference}/cancellation", f"/bookings/{reference}/cancellation"),
    ):
        query = query_of(document, path)
        empty = dict.fromkeys(query.keys() & {"origin", "destination", "seats"}, "")
        assert empty
        assert not any("minLength" in query[name] for name in empty)
        answer, without = api.get(known, **empty), api.get(known)
        assert answer.status_code == 200
        assert {**answer.json(), "expires_at": ""} == {**without.json(), "expires_at": ""}


def test_the_headers_of_answers_are_documented(document):
    assert document["components"]["headers"].keys() == {"X-Correlation-ID", "Retry-After", "Idempotent-Replayed"}
    answers = document["paths"]["/api/v1/bookings"]["post"]["responses"]
    assert answers["201"]["headers"].keys() == {"X-Correlation-ID", "Idempotent-Replayed"}
    assert answers["4XX"]["headers"].keys() == {"X-Correlation-ID", "Idempotent-Replayed", "Retry-After"}
    assert document["paths"]["/api/v1/me"]["get"]["responses"]["200"]["headers"].keys() == {"X-Correlation-ID"}
