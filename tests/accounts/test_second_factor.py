"""The second factor: set up on the pages, asked for wherever somebody signs in, and needed on the staff site."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Device, User
from core import outbox
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, sign_in

PAGES = "/en/account/second-factor/"


def code_of(secret: str) -> str:
    """What an app shows now. Each code is good once: tests use more of them than minutes pass."""
    cache.clear()
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def page_sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: str):
    return client.post("/en/account/login/", {"login": email, "password": password, **more})


def show_password(client: Client) -> None:
    """As allauth asks whoever is signed in before they change anything."""
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})


def set_up(client: Client) -> str:
    """Set the second factor up on the pages, as whoever is signed in. Returns the app's key."""
    show_password(client)
    page = client.get(f"{PAGES}totp/activate/").content.decode()
    assert "<svg" in page
    (secret,) = re.findall(r'<bdi class="code">([A-Z2-7]{32})</bdi>', page)
    answer = client.post(f"{PAGES}totp/activate/", {"code": code_of(secret)})
    assert answer.url == f"{PAGES}recovery-codes/", answer.context["form"].errors
    return secret


@pytest.fixture
def secret(client, user) -> str:
    """The key of the user's app; the user signed out again."""
    page_sign_in(client)
    secret = set_up(client)
    client.post("/en/account/logout/")
    return secret


def test_it_is_set_up_with_an_app_and_gives_recovery_codes(client, user) -> None:
    page_sign_in(client)
    assert "Whoever learns the password alone stays out" in client.get(PAGES).content.decode()
    set_up(client)

    codes = re.findall(r'<li><bdi class="code">(\d{8})</bdi>', client.get(f"{PAGES}recovery-codes/").content.decode())
    assert len(set(codes)) == 10
    assert client.get(f"{PAGES}recovery-codes/download/").content.decode().split() == codes
    assert "10 recovery codes are left" in client.get(PAGES).content.decode()


def test_a_wrong_code_sets_nothing_up(client, user) -> None:
    page_sign_in(client)
    assert client.get(f"{PAGES}totp/activate/").url.startswith("/en/account/reauthenticate/")
    show_password(client)
    client.get(f"{PAGES}totp/activate/")
    answer = client.post(f"{PAGES}totp/activate/", {"code": "000000"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]
    assert not Authenticator.objects.exists()


def test_the_secret_key_is_replaced_and_nobody_is_locked_out(client, user, settings) -> None:
    page_sign_in(client)
    secret = set_up(client)
    codes = client.get(f"{PAGES}recovery-codes/download/").content.decode()
    old, new = settings.SECRET_KEY, "a-new-secret-key-of-at-least-32-characters"

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert client.get(PAGES).status_code == 200  # still signed in
    assert sign_in(APIClient(), code=code_of(secret)).status_code == 200
    call_command("encrypt_second_factors")
    settings.SECRET_KEY_FALLBACKS = []
    assert sign_in(APIClient(), code=code_of(secret)).status_code == 200
    assert sign_in(APIClient(), code=codes.split()[0]).status_code == 200


def test_with_the_old_secret_key_gone_too_early_nothing_is_changed(secret, settings) -> None:
    before = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
    settings.SECRET_KEY = "a-new-secret-key-of-at-least-32-characters"
    with pytest.raises(CommandError, match="Put it behind the first"):
        call_command("encrypt_second_factors")
    assert list(Authenticator.objects.order_by("pk").values_list("data", flat=True)) == before


def test_the_key_does_not_stand_in_the_database_in_clear(secret) -> None:
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored
    assert stored.startswith("gAAAA")  # Fernet


# --------------------------------------------------------------------------------------------------- on the pages
def test_the_password_alone_does_not_open_the_account(client, secret) -> None:
    assert page_sign_in(client).url == f"{PAGES}authenticate/"
    assert SESSION_KEY not in client.session
    assert client.get("/en/account/email/").status_code == 302

    assert client.post(f"{PAGES}authenticate/", {"code": "000000"}).status_code == 200
    assert SESSION_KEY not in client.session
    assert client.post(f"{PAGES}authenticate/", {"code": code_of(secret)}).status_code == 302
    assert SESSION_KEY in client.session


def test_a_code_opens_it_once(client, secret) -> None:
    code = code_of(secret)
    for signs_in in (True, False):
        page_sign_in(client)
        client.post(f"{PAGES}authenticate/", {"code": code})
        assert (SESSION_KEY in client.session) == signs_in
        client.logout()


def test_so_does_a_recovery_code(client, secret, user) -> None:
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for signs_in in (True, False):
        page_sign_in(client)
        client.post(f"{PAGES}authenticate/", {"code": code})
        assert (SESSION_KEY in client.session) == signs_in
        client.logout()


def test_codes_are_not_guessed(client, secret, settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/900s/key"}
    page_sign_in(client)
    right = code_of(secret)
    for _guess in range(3):
        client.post(f"{PAGES}authenticate/", {"code": "000000"})
    client.post(f"{PAGES}authenticate/", {"code": right})
    assert SESSION_KEY not in client.session


def test_it_is_switched_off_by_whoever_shows_the_password_again(client, secret) -> None:
    page_sign_in(client)
    client.post(f"{PAGES}authenticate/", {"code": code_of(secret)})
    assert client.post(f"{PAGES}totp/deactivate/").url.startswith("/en/account/reauthenticate/")
    assert Authenticator.objects.exists()
    show_password(client)
    assert client.post(f"{PAGES}totp/deactivate/").url == PAGES
    assert not Authenticator.objects.exists()
    client.post("/en/account/logout/")
    assert page_sign_in(client).url != f"{PAGES}authenticate/"


# --------------------------------------------------------------------------------------------------- over the API
def test_over_the_api_the_code_is_sent_with_the_password(api, secret, user) -> None:
    for code in ({}, {"code": ""}, {"code": "000000"}):
        assert_problem(sign_in(api, **code), 401, "second_factor_needed")
    assert not Device.objects.exists()
    code = code_of(secret)
    assert sign_in(api, code=code).status_code == 200
    assert_problem(sign_in(api, code=code), 401, "second_factor_needed")  # it was used
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert sign_in(api, code=recovery).status_code == 200


def test_a_used_code_is_remembered_for_as_long_as_it_would_be_good(api, secret, user, settings) -> None:
    code = code_of(secret)
    assert sign_in(api, code=code).status_code == 200
    good_for = 30 * (1 + 2 * settings.MFA_TOTP_TOLERANCE)
    assert good_for - 5 < cache.ttl(f"allauth.mfa.totp.used?user={user.pk}&code={code}") <= good_for


def test_a_wrong_password_does_not_tell_of_the_second_factor(api, secret) -> None:
    assert_problem(sign_in(api, password="wrong", code=code_of(secret)), 401, "not_authenticated")


def test_guesses_at_codes_lock_the_account(api, secret, settings) -> None:
    settings.RATE_LIMITS = {"signin": (1000, 60), "password": (3, 900)}
    right = code_of(secret)
    for _guess in range(3):
        assert_problem(sign_in(api, code="000000"), 401, "second_factor_needed")
    assert_problem(sign_in(api, code=right), 429, "account_locked")


def test_without_a_second_factor_a_code_is_not_looked_at(api, user) -> None:
    assert sign_in(api, code="000000").status_code == 200


# ---------------------------------------------------------------------------------------------- on the staff site
@pytest.fixture
def clerk(settings, db) -> User:
    """Staff where they need a second factor, as in production."""
    settings.STAFF_NEED_SECOND_FACTOR = True
    return User.objects.create_user("clerk@example.com", PASSWORD, is_staff=True)


@pytest.mark.django_db(transaction=True)  # allauth tells of a new factor after the commit
def test_staff_set_theirs_up_before_they_see_anything(client, clerk) -> None:
    page_sign_in(client, clerk.email)
    for path in ("", "finance/", "bookings/booking/"):
        assert client.get(f"/en/admin/{path}").url == f"{PAGES}totp/activate/"
    asked = client.get(f"{PAGES}totp/activate/", follow=True).content.decode()
    assert "needs a second factor" in asked
    set_up(client)
    assert client.get("/en/admin/").status_code == 200


def test_a_session_that_was_opened_with_the_password_alone_is_asked_for_a_code(client, clerk) -> None:
    old = Client()
    page_sign_in(old, clerk.email)
    page_sign_in(client, clerk.email)
    secret = set_up(client)

    asked = old.get("/en/admin/bookings/")
    assert asked.url == f"{PAGES}reauthenticate/?next=%2Fen%2Fadmin%2Fbookings%2F"
    assert old.post(asked.url, {"code": code_of(secret), "next": "/en/admin/"}).url == "/en/admin/"
    assert old.get("/en/admin/").status_code == 200


def test_staff_who_sign_in_with_both_go_straight_there(client, clerk) -> None:
    page_sign_in(client, clerk.email)
    secret = set_up(client)
    client.post("/en/account/logout/")
    page_sign_in(client, clerk.email, next="/en/admin/")
    assert client.post(f"{PAGES}authenticate/", {"code": code_of(secret)}).url == "/en/admin/"
    assert client.get("/en/admin/").status_code == 200


def test_nothing_changes_for_travellers_and_for_whoever_is_not_signed_in(client, clerk, user) -> None:
    assert client.get("/en/admin/").url.startswith("/en/admin/login/")
    page_sign_in(client)
    assert client.get("/en/account/email/").status_code == 200
    assert client.get("/en/admin/", follow=True).status_code == 403


def test_a_superuser_takes_it_off_whoever_has_lost_the_phone(client, secret, user, mailoutbox) -> None:
    action = {"action": "take_second_factor_off", "_selected_action": [str(user.pk)]}
    clerk = User.objects.create_user("clerk@example.com", PASSWORD, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(clerk)
    client.post("/en/admin/accounts/user/", action)
    assert Authenticator.objects.count() == 2
    outbox.drain()
    mailoutbox.clear()

    root = User.objects.create_superuser("root@example.com", PASSWORD)
    client.force_login(root)
    answer = client.post("/en/admin/accounts/user/", action, follow=True)
    assert "The second factor of 1 person was taken off." in answer.content.decode()
    assert not Authenticator.objects.exists()
    assert LogEntry.objects.get().object_id == str(user.pk)
    outbox.drain()
    told = [(mail.to, mail.subject) for mail in mailoutbox]
    assert told == [([user.email], "The second factor of your account was switched off")]
    client.logout()
    page_sign_in(client)
    assert SESSION_KEY in client.session


def test_elsewhere_staff_need_none(client, clerk, settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = False
    page_sign_in(client, clerk.email)
    assert client.get("/en/admin/").status_code == 200


def test_an_api_client_that_signs_in_has_no_session(secret) -> None:
    api = APIClient()
    sign_in(api, code=code_of(secret))
    assert not api.cookies
