"""What every request and every answer has, whatever it is about."""

from base64 import b64encode

import pytest
from django.test import Client

from bookings.models import Booking, Place
from tests.api.asking import book, pay


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '"text"', "null", "7"])
def test_a_body_that_is_no_object_is_refused(api, trip, body):
    answer = api._client.post(
        "/api/v1/bookings", body, content_type="application/json", headers={**api._headers, "Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_other_content_is_not_read(api, trip):
    answer = api._client.post("/api/v1/bookings", {"trip": 1}, headers={**api._headers, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_every_answer_carries_a_correlation_id_the_callers_if_well_formed(nobody):
    assert nobody._client.get("/api/v1/places", headers={"X-Correlation-ID": "abc-123_DEF"})["X-Correlation-ID"] == (
        "abc-123_DEF"
    )
    for bad in ("short", "x" * 65, "with space 123", "bad\u00e9bad123"):
        given = nobody._client.get("/api/v1/places", headers={"X-Correlation-ID": bad})["X-Correlation-ID"]
        assert given != bad
        assert len(given) == 32
    problem = nobody._client.get("/api/v1/me", headers={"X-Correlation-ID": "abc-123_DEF"})
    assert problem.json()["correlation_id"] == "abc-123_DEF"


def test_the_id_reaches_history_outbox_and_the_gateways_metadata(api, sandbox, trip):
    booking = book(api, trip)
    pay(api, booking, **{"X-Correlation-ID": "from-the-app-1"})
    assert sandbox.state["sessions"][0]["metadata"]["correlation_id"] == "from-the-app-1"
    with_history = Booking.objects.get()
    from core.models import StatusChange

    assert StatusChange.objects.get(subject_id=str(with_history.pk)).correlation_id == "from-the-app-1"


def test_unknown_addresses_and_methods_are_problems_too(api):
    answer = api.get("/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = api.send("DELETE", "/bookings")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_an_unknown_address_is_a_problem_for_whoever_sends_no_form_of_ours():
    answer = Client(enforce_csrf_checks=True).post("/api/v1/payments/not-an-id/sync")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("reference", ["%00", "AB%00C", "ÄÄÄÄÄÄÄÄ", "x" * 300, "..", "%2F"])
def test_an_odd_reference_is_not_found(api, trip, reference):
    for method, path in (("GET", ""), ("POST", "/payments"), ("POST", "/extend")):
        assert api.send(method, f"/bookings/{reference}{path}", {}).status_code == 404


@pytest.mark.parametrize("position", ["p=abc", "p=", "r=1&p=x", "p=%00", "o=-5", "o=x"])
@pytest.mark.parametrize("path", ["/bookings", "/places"])
def test_a_cursor_of_anothers_making_is_refused_or_harmless(api, trip, path, position):
    answer = api.get(path, cursor=b64encode(position.encode()).decode())
    assert answer.status_code in (200, 400, 404)
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/auth/devices", "/bookings", "/places"])
@pytest.mark.parametrize("size", ["null", "0", "-1", "1.5"])
def test_a_page_of_no_number_of_rows_is_refused(api, path, size):
    answer = api.get(path, page_size=size)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "page_size")


@pytest.mark.parametrize(("size", "rows"), [("", 50), ("3", 3), ("100", 100), ("1000000", 100)])
def test_a_page_has_as_many_rows_as_asked_for_but_not_more_than_a_hundred(nobody, size, rows):
    Place.objects.bulk_create(
        Place(code=f"P{n}", name="P", city="P", country="SA", timezone="Asia/Riyadh", kind="station")
        for n in range(101)
    )
    assert len(nobody.get("/places", page_size=size).json()["results"]) == rows


def test_a_body_nested_too_deeply_is_refused(api, trip):
    answer = api._client.post(
        "/api/v1/bookings",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        content_type="application/json",
        headers={**api._headers, "Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
