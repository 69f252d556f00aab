"""Holding seats over REST, and what becomes of a booking."""

import pytest

from bookings.models import Booking, SeatClaim
from core.models import IdempotencyRecord
from tests.api.asking import book, cancel, request_for
from tests.database import age_hold, as_owner
from tests.world import FEE, PRICE, make_trip


def test_a_booking_is_made_pending_with_its_seats_held(api, trip):
    booking = book(api, trip, "1A", "1B")
    assert booking["status"] == "pending"
    assert booking["payment_status"] == "unpaid"
    assert booking["seats"] == ["1A", "1B"]
    assert booking["trip"] == str(trip.pk)
    assert booking["origin"] == {"code": "A", "name": "A"}
    assert booking["total"] == {"amount": 2 * (2 * PRICE + FEE), "currency": "SAR"}
    assert booking["paid"] == booking["refunded"] == {"amount": 0, "currency": "SAR"}
    assert booking["hold_extendable"] is True
    assert set(booking["reference"]) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    assert len(booking["reference"]) == 8
    assert api.get(f"/bookings/{booking['reference']}").json() == booking
    assert api.get("/bookings").json()["results"] == [booking]
    assert api.get("/bookings", status="confirmed").json()["results"] == []


def test_the_same_request_again_gets_the_same_answer(api, trip):
    first = api.post("/bookings", request_for(trip), key="one key")
    again = api.post("/bookings", request_for(trip), key="one key")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Booking.objects.count() == 1


def test_a_key_with_another_payload_is_refused(api, trip):
    api.post("/bookings", request_for(trip, "1A"), key="one key")
    answer = api.post("/bookings", request_for(trip, "1B"), key="one key")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_payload_mismatch")
    assert Booking.objects.count() == 1


def test_a_key_is_needed(api, trip):
    answer = api.post("/bookings", request_for(trip), key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert not Booking.objects.exists()


def test_a_refusal_is_replayed_as_it_was_even_when_the_seat_is_free_again(api, stranger, trip):
    taken = book(stranger, trip, "1A")
    first = api.post("/bookings", request_for(trip, "1A", "1B"), key="k")
    assert (first.status_code, first.json()["code"], first.json()["seats"]) == (409, "seat_unavailable", ["1A"])
    cancel(stranger, taken)
    again = api.post("/bookings", request_for(trip, "1A", "1B"), key="k")
    assert (again.status_code, again["Content-Type"]) == (409, "application/problem+json")
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert not SeatClaim.objects.exists()


@pytest.mark.parametrize(("stops", "seats"), [(2, 1), (4, 4)])
def test_holding_over_rest_takes_few_statements(api, django_assert_max_num_queries, stops, seats):
    trip = make_trip(*"ABCD"[:stops], number="T2")
    wanted = request_for(trip, *["1A", "1B", "1C", "1D"][:seats], destination="ABCD"[stops - 1])
    with django_assert_max_num_queries(10 + 2):  # and the test's own SAVEPOINT and RELEASE
        assert api.post("/bookings", wanted).status_code == 201


def test_a_reference_that_exists_is_drawn_again(api, trip, monkeypatch):
    first = book(api, trip, "1A")["reference"]
    drawn = iter([first, first, "ACDEFGHJ"])
    monkeypatch.setattr(Booking._meta.get_field("reference"), "_get_default", lambda: next(drawn))
    assert book(api, trip, "1B")["reference"] == "ACDEFGHJ"


@pytest.mark.django_db(transaction=True)
def test_a_bookings_key_is_kept_for_good(api, trip):
    first = api.post("/bookings", request_for(trip), key="k").json()
    IdempotencyRecord.objects.all().delete()
    again = api.post("/bookings", request_for(trip), key="k")
    assert (again.status_code, again.json()["reference"]) == (201, first["reference"])
    IdempotencyRecord.objects.all().delete()
    trip.close(reason="its sale is over")
    again = api.post("/bookings", request_for(trip), key="k")
    assert (again.status_code, again.json()["reference"]) == (201, first["reference"])
    IdempotencyRecord.objects.all().delete()
    assert api.post("/bookings", request_for(trip, "1B"), key="k").status_code == 422
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trip": "x"}, "trip"),
        ({"trip": None}, "trip"),
        ({"seats": []}, "seats"),
        ({"seats": ["1A", "1A"]}, "seats"),
        ({"seats": "1A"}, "seats"),
        ({"seats": ["99Z"]}, "seats"),
        ({"contact": {"email": "nobody"}}, "contact.email"),
        ({"contact": None}, "contact"),
        ({"contact": {"email": "a@example.com", "phone": "1" * 31}}, "contact.phone"),
        ({"passengers": [{"seat": "1B", "full_name": "X"}]}, "passengers"),
        ({"passengers": [{"seat": "1A", "full_name": " "}]}, "passengers.0.full_name"),
        ({"passengers": [{"seat": "1A", "full_name": "a\u0000b"}]}, "passengers.0.full_name"),
    ],
)
def test_what_does_not_fit_is_named_by_field_and_nothing_is_held(api, trip, change, field):
    answer = api.post("/bookings", request_for(trip) | change)
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "validation_error"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not SeatClaim.objects.exists()
    assert not Booking.objects.exists()


def test_a_booking_of_another_is_not_there(api, stranger, nobody, trip):
    reference = book(api, trip)["reference"]
    for method, path in (
        ("GET", ""),
        ("POST", "/extend"),
        ("PUT", "/passengers"),
        ("POST", "/payments"),
        ("POST", "/cancellation"),
    ):
        body = [{"seat": "1A", "full_name": "Thief"}] if method == "PUT" else {"gateway": "stripe"}
        answer = stranger.send(method, f"/bookings/{reference}{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        answer = nobody.send(method, f"/bookings/{reference}{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    booking = Booking.objects.get()
    assert (booking.status, booking.passengers.get().full_name) == ("pending", "Traveller 1A")
    assert stranger.get("/bookings").json()["results"] == []


def test_names_are_set_and_kept(api, trip):
    reference = book(api, trip, "1A", "1B", named=False)["reference"]
    answer = api.send(
        "PUT", f"/bookings/{reference}/passengers", [{"seat": "1B", "full_name": "Omar", "document": "P1"}]
    )
    assert answer.status_code == 200
    assert [(one["seat"], one["full_name"]) for one in answer.json()["passengers"]] == [("1A", ""), ("1B", "Omar")]
    for wrong in ([{"seat": "9Z", "full_name": "X"}], [{"seat": "1A", "full_name": "X"}] * 2, [], [{}], {}):
        answer = api.send("PUT", f"/bookings/{reference}/passengers", wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error"), wrong
    assert [one["full_name"] for one in api.get(f"/bookings/{reference}").json()["passengers"]] == ["", "Omar"]


@pytest.mark.django_db(transaction=True)
def test_extending_answers_with_a_later_end_or_says_why_not(api, trip):
    booking = book(api, trip)
    assert api.post(f"/bookings/{booking['reference']}/extend").json()["expires_at"] > booking["expires_at"]
    age_hold(Booking.objects.get(), 20)
    answer = api.post(f"/bookings/{booking['reference']}/extend")
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")


@pytest.mark.django_db(transaction=True)
def test_a_retry_after_a_crash_between_hold_and_answer_gets_the_booking(api, trip):
    book_request = request_for(trip)
    first = api.post("/bookings", book_request, key="k").json()
    with as_owner() as cursor:  # as if the process had died before it stored the answer
        cursor.execute(
            "UPDATE core_idempotencyrecord SET status = 'started', response_status = NULL, locked_until = now()"
        )
    again = api.post("/bookings", book_request, key="k")
    assert (again.status_code, again.json()["reference"]) == (201, first["reference"])
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_only_a_running_hold_says_that_it_can_be_extended(api, trip):
    reference = book(api, trip)["reference"]
    age_hold(Booking.objects.get(), 16)
    assert api.get(f"/bookings/{reference}").json()["hold_extendable"] is False
