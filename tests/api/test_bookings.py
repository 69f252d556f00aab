"""Bookings and payments over REST."""

from base64 import b64encode

import pytest

from bookings.models import Booking, SeatClaim
from core.models import IdempotencyRecord
from payments.models import Payment
from tests.database import age_hold, as_owner
from tests.payments.gateway import send_all
from tests.world import FEE, PRICE, make_trip


@pytest.fixture
def trip(db):
    return make_trip("A", "B", "C")


def request_for(trip, *seats, **more):
    return {
        "trip": str(trip.pk),
        "origin": "A",
        "destination": "C",
        "seats": list(seats or ["1A"]),
        "contact": {"email": "layla@example.com"},
        **more,
    }


def book(api, trip, *seats, named=True):
    seats = seats or ("1A",)
    passengers = [{"seat": seat, "full_name": f"Traveller {seat}"} for seat in seats] if named else []
    answer = api.post("/bookings", request_for(trip, *seats, passengers=passengers))
    assert answer.status_code == 201, answer.content
    return answer.json()


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


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '"text"', "null", "7"])
def test_a_body_that_is_no_object_is_refused(api, trip, body):
    answer = api._client.post(
        "/api/v1/bookings", body, content_type="application/json", headers={**api._headers, "Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_other_content_is_not_read(api, trip):
    answer = api._client.post("/api/v1/bookings", {"trip": 1}, headers={**api._headers, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


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


def pay(api, booking, **more):
    return api.post(f"/bookings/{booking['reference']}/payments", {"gateway": "stripe", **more.pop("body", {})}, **more)


def cancel(api, booking, amount=0):
    return api.post(
        f"/bookings/{booking['reference']}/cancellation", {"expected_refund": {"amount": amount, "currency": "SAR"}}
    )


def test_a_payment_tells_what_is_paid_and_where(api, sandbox, trip):
    booking = book(api, trip, "1A", "1B")
    answer = pay(api, booking)
    assert answer.status_code == 201
    payment = answer.json()
    assert payment["booking"] == booking["reference"]
    assert (payment["status"], payment["amount"]) == ("pending", booking["total"])
    assert sum(part["amount"] for part in payment["breakdown"].values()) == payment["amount"]["amount"]
    assert payment["checkout_url"].startswith(sandbox.url)
    assert payment["expires_at"] == booking["expires_at"]
    again = pay(api, booking)
    assert (again.status_code, again.json()["id"]) == (200, payment["id"])
    assert api.get(f"/bookings/{booking['reference']}").json()["status"] == "pending_payment"
    assert len(sandbox.state["sessions"]) == 1


def test_the_whole_way_to_a_confirmed_booking(api, sandbox, trip):
    booking = book(api, trip)
    payment = pay(api, booking).json()
    sandbox.pay(sandbox.state["sessions"][0]["id"])
    send_all(sandbox)
    booking = api.get(f"/bookings/{booking['reference']}").json()
    assert (booking["status"], booking["payment_status"], booking["paid"]) == ("confirmed", "paid", booking["total"])
    assert booking["expires_at"] is None
    assert [step["to"] for step in booking["history"]] == ["pending", "pending_payment", "confirmed"]
    assert api.get(f"/payments/{payment['id']}").json()["status"] == "succeeded"
    seats = api.get(f"/trips/{trip.pk}/seats").json()["seats"]
    assert next(seat["status"] for seat in seats if seat["number"] == "1A") == "yours"


def test_sync_asks_the_gateway_now(api, sandbox, trip):
    payment = pay(api, book(api, trip)).json()
    assert api.post(f"/payments/{payment['id']}/sync").json()["status"] == "pending"
    sandbox.pay(sandbox.state["sessions"][0]["id"])
    assert api.post(f"/payments/{payment['id']}/sync").json()["status"] == "succeeded"


def test_a_payment_given_up_puts_the_booking_back(api, sandbox, trip):
    booking = book(api, trip)
    payment = pay(api, booking).json()
    answer = api.post(f"/payments/{payment['id']}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["checkout_url"]) == (200, "cancelled", None)
    assert api.get(f"/bookings/{booking['reference']}").json()["status"] == "pending"


def test_anothers_payment_is_not_there(api, stranger, sandbox, trip):
    payment = pay(api, book(api, trip)).json()
    assert stranger.get(f"/payments/{payment['id']}").status_code == 404
    for verb in ("sync", "cancel"):
        assert stranger.post(f"/payments/{payment['id']}/{verb}").status_code == 404
    assert Payment.objects.get().status == "pending"
    assert sandbox.state["sessions"][0]["status"] == "open"


def test_names_must_be_complete_before_payment(api, sandbox, trip):
    answer = pay(api, book(api, trip, "1A", "1B", named=False))
    assert (answer.status_code, answer.json()["code"]) == (409, "passengers_incomplete")
    assert answer.json()["seats"] == ["1A", "1B"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "http://127.0.0.1:8000@evil.example/", "javascript:alert(1)", "//evil.example"]
)
def test_a_return_address_elsewhere_is_refused(api, sandbox, trip, url):
    answer = pay(api, book(api, trip), body={"return_url": url})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "return_url")
    assert not Payment.objects.exists()


def test_a_return_address_of_a_configured_origin_is_taken(api, sandbox, trip, settings):
    settings.RETURN_ORIGINS = ["https://app.example"]
    assert pay(api, book(api, trip), body={"return_url": "https://app.example/done"}).status_code == 201


def test_a_gateway_that_is_down_says_so_and_the_same_request_succeeds_later(api, sandbox, trip, settings):
    booking = book(api, trip)
    up, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    answer = pay(api, booking, key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    settings.STRIPE_API_BASE = up
    answer = pay(api, booking, key="k")
    assert answer.status_code == 201
    assert Payment.objects.count() == 1


def test_a_gateway_that_refuses_is_a_bad_gateway(api, sandbox, trip, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    answer = pay(api, book(api, trip))
    assert (answer.status_code, answer.json()["code"]) == (502, "gateway_error")
    assert "sk_test" not in answer.content.decode()


def test_cancelling_before_payment_frees_the_seats(api, stranger, sandbox, trip):
    booking = book(api, trip)
    pay(api, booking)
    changed = cancel(api, booking, amount=5)
    assert (changed.status_code, changed.json()["code"]) == (409, "quote_changed")
    assert Booking.objects.get().status == "pending_payment"
    answer = cancel(api, booking)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["passengers"][0]["status"] == "cancelled"
    book(stranger, trip, "1A")
    again = cancel(api, booking)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "invalid_state", "cancelled")


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


@pytest.mark.parametrize("currency", ["sar", "ÄÖÜ", "", None, 5, "SARX"])
def test_a_currency_that_is_none_is_named(api, sandbox, trip, currency):
    path = f"/bookings/{book(api, trip)['reference']}/cancellation"
    answer = api.post(path, {"expected_refund": {"amount": 0, "currency": currency}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expected_refund.currency")


def test_a_cancellation_answers_with_its_history(api, sandbox, trip):
    booking = book(api, trip)
    answer = cancel(api, booking).json()
    assert [step["to"] for step in answer["history"]] == ["pending", "cancelled"]
    assert answer == api.get(f"/bookings/{booking['reference']}").json()


def test_a_cancellation_may_say_what_fee_it_expects(api, sandbox, trip):
    path = f"/bookings/{book(api, trip)['reference']}/cancellation"
    offer = api.get(path).json()
    answer = api.post(path, {"expected_refund": offer["refund"], "expected_fee": {"amount": 500, "currency": "SAR"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "quote_changed")
    assert (answer.json()["refund"], answer.json()["fee"]) == (offer["refund"], offer["fee"])
    assert Booking.objects.get().status == "pending"
    answer = api.post(path, {"expected_refund": offer["refund"], "expected_fee": offer["fee"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_a_cancellation_of_no_seats_at_all_is_refused(api, sandbox, trip):
    path = f"/bookings/{book(api, trip, '1A', '1B')['reference']}/cancellation"
    answer = api.post(path, {"seats": [], "expected_refund": {"amount": 0, "currency": "SAR"}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "seats")
    assert Booking.objects.get().status == "pending"


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


def test_a_body_nested_too_deeply_is_refused(api, trip):
    answer = api._client.post(
        "/api/v1/bookings",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        content_type="application/json",
        headers={**api._headers, "Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


@pytest.mark.django_db(transaction=True)
def test_only_a_running_hold_says_that_it_can_be_extended(api, trip):
    reference = book(api, trip)["reference"]
    age_hold(Booking.objects.get(), 16)
    assert api.get(f"/bookings/{reference}").json()["hold_extendable"] is False
