"""What owners of accounts are told by e-mail: a new device, and a copied refresh token."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.utils.translation import override
from rest_framework.test import APIClient

from accounts.emails import CHANGES, tell_of_change
from accounts.models import Device, User
from core import outbox
from core.models import OutboxMessage
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, bearing, refresh, sign_in
from tests.clock import turned_to

THIEF = "203.0.113.66"


@pytest.fixture(autouse=True)
def clock():
    """Time that moves only when told to; in force before anything is made."""
    with turned_to(datetime(2031, 5, 6, 7, 8, tzinfo=UTC), ticking=False) as clock:
        yield clock


def sent() -> list[mail.EmailMultiAlternatives]:
    """What goes out now."""
    mail.outbox.clear()
    assert outbox.drain()["failed"] == 0
    return mail.outbox


def test_the_owner_hears_of_a_new_device(api, user) -> None:
    sign_in(api, device_name="Phone")

    (message,) = sent()
    assert message.to == [EMAIL]
    assert message.subject == "Your account was opened on a new device"
    html = message.alternatives[0][0]
    for text in (message.body, html):
        assert "with Phone, on 6 May 2031, 07:08 (UTC)" in text
        assert "127.0.0.1" in text
        assert f"{settings.PUBLIC_URL}/en/account/password/reset/" in text
    assert "{" not in html


def test_a_device_that_is_known_is_no_news(api, user) -> None:
    sign_in(api, device_name="Phone")
    sent()

    sign_in(api, device_name="Phone again")
    assert sent() == []

    sign_in(APIClient(headers={"User-Agent": "curl"}))
    assert len(sent()) == 1
    sign_in(api, device_name="Phone", password="wrong")
    assert sent() == []


def test_the_same_program_elsewhere_is_news(api, user) -> None:
    sign_in(api)
    sent()
    api.defaults["REMOTE_ADDR"] = THIEF
    sign_in(api)
    (message,) = sent()
    assert THIEF in message.body


def test_whoever_registers_knows_of_their_device_and_is_asked_whether_the_address_is_theirs(api, client, db) -> None:
    new = {"email": EMAIL, "password": "seven-green-camels", "full_name": "Amina Said"}
    assert api.post("/api/v1/auth/register", new, format="json").status_code == 201
    (message,) = sent()
    assert message.subject == "Confirm your address"
    assert message.alternatives[0][1] == "text/html"
    link = re.search(r"https?://[^/]+(/en/account/confirm-email/\S+)", message.body)[1]
    client.post(link)
    assert EmailAddress.objects.get(user__email=EMAIL).verified


def test_a_new_account_on_the_pages_is_asked_as_well_and_can_buy_at_once(client, db) -> None:
    client.post("/ar/account/signup/", {"email": EMAIL, "password1": "seven-green-camels", "full_name": "Amina Said"})
    assert client.get("/ar/bookings/").status_code == 200
    (message,) = sent()
    assert "/ar/account/confirm-email/" in message.body


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_in_an_account_is_told_with_the_way_to_take_it_back(user, what) -> None:
    tell_of_change(f"account/email/{what}", EMAIL, user, THIEF)
    (message,) = sent()
    with override("en"):
        assert message.subject == str(CHANGES[what])
    for text in (message.body, message.alternatives[0][0]):
        assert "6 May 2031, 07:08 (UTC)" in text
        assert THIEF in text
        assert "/en/account/password/reset/" in text


def test_a_password_changed_on_the_pages_is_told(client, user) -> None:
    client.force_login(user)
    new = "nine-patient-falcons"
    client.post("/en/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [message.subject for message in sent()] == ["Your password was changed"]


def test_no_link_that_opens_an_account_is_kept(client, user) -> None:
    client.post("/en/account/password/reset/", {"email": EMAIL})
    (message,) = OutboxMessage.objects.all()
    assert message.payload == {"user": user.pk, "email": EMAIL, "language": "en"}
    assert "/password/reset/key/" in sent()[0].body


def test_the_language_is_the_accounts_and_names_are_escaped(api, user) -> None:
    User.objects.update(language="ar")
    sign_in(api, device_name="<b>Phone</b>")
    (message,) = sent()
    assert "فُتح حسابك" in message.subject
    assert "/ar/account/password/reset/" in message.body
    assert "<b>Phone</b>" in message.body
    html = message.alternatives[0][0]
    assert "&lt;b&gt;Phone" in html
    assert 'dir="rtl"' in html


def test_an_account_that_is_gone_is_told_nothing(api, user) -> None:
    sign_in(api)
    Device.objects.all().delete()
    User.objects.all().delete()
    assert sent() == []
    assert OutboxMessage.objects.get().status == "sent"


def test_a_thief_who_refreshes_first_loses_with_the_owner_who_is_told(user, clock) -> None:
    owner, thief = (APIClient(headers={"User-Agent": name}) for name in ("Berth/1.0 (iPhone)", "curl"))
    thief.defaults["REMOTE_ADDR"] = THIEF
    stolen = sign_in(owner, device_name="Phone").json()["refresh"]
    sent()

    clock.move_by(timedelta(minutes=20))
    loot = refresh(thief, stolen).json()
    assert bearing(loot["access"]).get("/api/v1/me").status_code == 200
    assert sent() == []  # so far it might have been the owner

    clock.move_by(timedelta(minutes=5))
    assert_problem(refresh(owner, stolen), 401, "token_reused")
    assert_problem(refresh(thief, loot["refresh"]), 401, "token_invalid")
    assert Device.objects.get().signed_out_at == datetime.now(UTC)
    (message,) = sent()
    assert message.subject == "A device was signed out of your account"
    assert "On 6 May 2031, 07:33 (UTC) we signed Phone out of your account" in message.body

    assert_problem(refresh(owner, stolen), 401, "token_reused")  # once more
    assert sent() == []
    clock.move_by(timedelta(minutes=15))  # and what the thief was given ends by itself
    assert_problem(bearing(loot["access"]).get("/api/v1/me"), 401, "token_invalid")
    assert sign_in(owner).status_code == 200


def test_a_lost_answer_is_no_theft(api, pair) -> None:
    sent()
    refresh(api, pair["refresh"])
    refresh(api, pair["refresh"])
    assert sent() == []
