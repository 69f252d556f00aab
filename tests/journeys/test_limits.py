"""Whoever does something too often is told how long to wait, and nothing happens meanwhile."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client

from accounts.models import Device, User
from bookings.models import Booking
from config.environment import rate_limits
from core import outbox
from payments.models import Payment
from tests.accounts.conftest import EMAIL, PASSWORD
from tests.api.conftest import Api
from tests.bookings.pages.conftest import booking_url, hold_on_page, seats_url, text_of
from tests.world import hold_seats, in_days, make_trip, make_user

pytestmark = pytest.mark.django_db

OTHER_NETWORK = "203.0.113.9"
LOGIN = "/en/account/login/"


@pytest.fixture
def limit(settings, monkeypatch):
    """Set a limit; the others are far away."""
    monkeypatch.delenv("RATE_LIMITS")
    settings.RATE_LIMITS = dict.fromkeys(rate_limits(), (10000, 60))

    def to(name: str, uses: int) -> None:
        settings.RATE_LIMITS[name] = (uses, 60)

    return to


def assert_limited(answer, code: str = "rate_limited") -> None:
    """429 as a program reads it."""
    assert answer.status_code == 429, answer.content
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, 429)
    assert answer["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) == problem["retry_after"] <= 60


def assert_page_says_wait(answer) -> None:
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert "Nothing was changed" in text_of(answer)


def new_booking(trip, seat: str) -> dict:
    ends = {"origin": "RUH", "destination": "JED"}
    return {"trip": str(trip.pk), **ends, "seats": [seat], "contact": {"email": EMAIL}}


# --------------------------------------------------------------------------------------------------------- by user
def test_holds_over_the_api(limit):
    limit("hold", 2)
    trip, api = make_trip(), Api(make_user("a@example.com"))
    answers = [api.post("/bookings", new_booking(trip, seat)) for seat in ("1A", "1B", "1C")]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert_limited(answers[2])
    assert Booking.objects.count() == 2
    assert Api(make_user("b@example.com")).post("/bookings", new_booking(trip, "1C")).status_code == 201
    assert api.get("/bookings").status_code == 200  # reading has no such limit


def test_a_refused_hold_may_be_sent_again_with_its_key(limit):
    limit("hold", 1)
    trip, api = make_trip(), Api(make_user("a@example.com"))
    api.post("/bookings", new_booking(trip, "1A"))
    assert_limited(api.post("/bookings", new_booking(trip, "1B"), key="mine"))
    limit("hold", 10)
    assert api.post("/bookings", new_booking(trip, "1B"), key="mine").status_code == 201


def test_payments_over_the_api(sandbox, limit):
    limit("pay", 1)
    user = make_user("a@example.com")
    first, second = (hold_seats(make_trip(number=number), "1A", owner_id=user.pk) for number in ("T1", "T2"))
    api = Api(user)
    assert api.post(f"/bookings/{first.reference}/payments", {"gateway": "stripe"}).status_code == 201
    assert_limited(api.post(f"/bookings/{second.reference}/payments", {"gateway": "stripe"}))
    assert Payment.objects.count() == 1


def test_looks_at_the_gateway(sandbox, limit):
    limit("sync", 1)
    user = make_user("a@example.com")
    booking, api = hold_seats(make_trip(), "1A", owner_id=user.pk), Api(user)
    payment = api.post(f"/bookings/{booking.reference}/payments", {"gateway": "stripe"}).json()
    assert api.post(f"/payments/{payment['id']}/sync").status_code == 200
    assert_limited(api.post(f"/payments/{payment['id']}/sync"))


# ------------------------------------------------------------------------------------------------------ by network
def test_searches_over_the_api_and_on_the_pages_count_together(client, limit):
    limit("search", 2)
    make_trip()
    asked = {"origin": "RUH", "destination": "JED", "date": in_days(7)}
    assert client.head("/api/v1/trips", asked).status_code == 200
    assert client.get("/en/trips", {**asked, "passengers": 1}).status_code == 200
    assert_limited(Api().get("/trips", **asked))
    assert_page_says_wait(client.get("/en/trips", {**asked, "passengers": 1}))
    assert client.get("/en/trips", {**asked, "passengers": 1}, REMOTE_ADDR=OTHER_NETWORK).status_code == 200


def test_holds_of_guests_keep_what_was_typed(client, limit):
    limit("hold", 1)
    trip = make_trip()
    hold_on_page(client, trip, "1A")
    answer = client.post(seats_url(trip), {"seats": "1B", "email": EMAIL, "key": ""})
    assert answer.status_code == 429
    assert "That was too often" in text_of(answer)
    assert f'value="{EMAIL}"' in answer.content.decode()
    assert Booking.objects.count() == 1


def test_payments_on_the_pages(sandbox, client, limit):
    limit("pay", 1)
    booking = hold_on_page(client, make_trip(), "1A")
    names = {"name-1A": "Layla Haddad"}
    assert client.post(booking_url(booking, "/pay"), names).url == Payment.objects.get().checkout_url
    answer = client.post(booking_url(booking, "/pay"), names, follow=True)
    assert "That was too often" in text_of(answer)
    assert Payment.objects.count() == 1


def test_guesses_at_bookings(client, limit):
    limit("lookup", 2)
    booking = hold_seats(make_trip(), "1A")
    wrong = {"reference": "AAAAAAAA", "email": booking.contact_email}
    assert [client.post("/en/find-booking", wrong).status_code for _guess in range(3)] == [200, 200, 429]
    right = {"reference": booking.reference, "email": booking.contact_email}
    assert_page_says_wait(client.post("/en/find-booking", right))
    assert client.get(booking_url(booking)).status_code == 404


def test_registrations(client, limit, settings):
    limit("register", 1)
    account = {"password": PASSWORD, "full_name": "A"}
    assert Api().post("/auth/register", {"email": "a@example.com", **account}).status_code == 201
    assert_limited(Api().post("/auth/register", {"email": "b@example.com", **account}))
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/60s/ip"}
    form = {"full_name": "A", "password1": PASSWORD}
    assert client.post("/en/account/signup/", {"email": "c@example.com", **form}).status_code == 302
    again = Client().post("/en/account/signup/", {"email": "d@example.com", **form})
    assert again.status_code == 429
    assert "Nothing was changed" in text_of(again)
    assert set(User.objects.values_list("email", flat=True)) == {"a@example.com", "c@example.com"}


def test_secrets_of_the_jobs(client, limit):
    limit("jobs", 2)
    wrong = {"X-Jobs-Secret": "wrong"}
    assert [client.get("/api/v1/jobs", headers=wrong).status_code for _guess in range(2)] == [401, 401]
    assert_limited(client.post("/api/v1/jobs/drain_outbox", headers=wrong))


# ------------------------------------------------------------------------------------------------------- signing in
@pytest.fixture
def owner(db) -> User:
    return User.objects.create_user(EMAIL, PASSWORD, full_name="Amina Said")


def api_sign_in(password: str = PASSWORD, email: str = EMAIL, address: str = "127.0.0.1"):
    body = {"email": email, "password": password}
    return Client().post("/api/v1/auth/token", body, content_type="application/json", REMOTE_ADDR=address)


def page_sign_in(client, password: str = PASSWORD, email: str = EMAIL, address: str = "127.0.0.1"):
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address)


def test_sign_ins_of_one_network_over_the_api_and_on_the_pages(client, owner, limit):
    limit("signin", 2)
    assert api_sign_in().status_code == 200
    assert page_sign_in(client, "wrong").status_code == 200
    assert_limited(api_sign_in())
    assert_page_says_wait(page_sign_in(client))
    assert SESSION_KEY not in client.session
    assert Device.objects.count() == 1
    assert api_sign_in(address=OTHER_NETWORK).status_code == 200


def test_an_account_is_locked_after_wrong_passwords_from_anywhere(client, owner, limit):
    limit("password", 3)
    for guess in range(3):
        assert api_sign_in(f"guess {guess}", address=f"203.0.113.{guess}").status_code == 401
    assert_limited(api_sign_in(), "account_locked")  # the right password, too: a guess may be right
    locked = page_sign_in(client)
    assert locked.status_code == 429
    assert "nobody can sign in to this account" in text_of(locked)
    assert SESSION_KEY not in client.session
    assert not Device.objects.exists()


def test_the_lock_does_not_tell_which_accounts_there_are(limit):
    limit("password", 1)
    assert api_sign_in(email="nobody@example.com").status_code == 401
    assert_limited(api_sign_in(email="Nobody@example.com "), "account_locked")


def test_wrong_passwords_before_the_right_one_are_forgotten(client, owner, limit):
    limit("password", 2)
    for _turn in range(3):
        assert api_sign_in("wrong").status_code == 401
        assert api_sign_in().status_code == 200
        assert page_sign_in(client, "wrong").status_code == 200
        assert page_sign_in(client).status_code == 302
        client.logout()


def test_the_owner_of_a_locked_account_opens_it_with_a_new_password(client, owner, limit):
    limit("password", 1)
    api_sign_in("wrong")
    assert_limited(api_sign_in(), "account_locked")
    client.post("/en/account/password/reset/", {"email": EMAIL})
    outbox.drain()
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    new = "nine-patient-falcons"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert api_sign_in(new).status_code == 200


def test_the_page_that_says_wait_is_in_the_readers_language(client, owner, limit):
    limit("signin", 1)
    api_sign_in()
    answer = client.post("/ar/account/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 429
    assert 'dir="rtl"' in answer.content.decode()
