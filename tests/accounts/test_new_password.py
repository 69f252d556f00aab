"""A new password signs every device out: whoever learnt the old one may hold a refresh token."""

import re

import pytest

from accounts.models import Device, User
from core import outbox
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, refresh, sign_in

NEW = "nine-patient-falcons"


@pytest.fixture
def bystander(api, db) -> dict:
    """The tokens of another user."""
    User.objects.create_user("omar@example.com", PASSWORD)
    return sign_in(api, "omar@example.com").json()


def assert_only_the_bystander_is_signed_in(api, pair, bystander) -> None:
    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert refresh(api, bystander["refresh"]).status_code == 200
    assert sign_in(api, password=NEW).status_code == 200


def test_by_the_user(api, client, user, pair, bystander) -> None:
    client.force_login(user)
    client.post("/en/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert_only_the_bystander_is_signed_in(api, pair, bystander)


def test_by_a_link(api, client, pair, bystander, mailoutbox) -> None:
    client.post("/en/account/password/reset/", {"email": EMAIL})
    outbox.drain()
    link = re.search(r"https?://[^/]+(/\S+)", mailoutbox[-1].body)[1]
    client.post(client.get(link)["Location"], {"password1": NEW, "password2": NEW})

    assert_only_the_bystander_is_signed_in(api, pair, bystander)


def test_by_staff_and_the_user_is_told(api, client, user, pair, bystander, mailoutbox) -> None:
    client.force_login(User.objects.create_superuser("root@example.com", PASSWORD))
    client.post(
        f"/en/admin/accounts/user/{user.pk}/password/",
        {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "1"},
    )
    outbox.drain()

    assert ([EMAIL], "Your password was changed") in [(mail.to, mail.subject) for mail in mailoutbox]
    assert_only_the_bystander_is_signed_in(api, pair, bystander)


def test_staff_choose_their_own_on_the_page_of_their_account(api, client, user, pair) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    for answer in (client.get("/en/admin/password_change/"), client.post("/en/admin/password_change/", typed)):
        assert (answer.status_code, answer.url) == (302, "/en/account/password/change/")
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_refused_change_signs_nobody_out(api, client, user, pair) -> None:
    client.force_login(user)
    client.post("/en/account/password/change/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})

    assert Device.objects.get().signed_out_at is None
    assert refresh(api, pair["refresh"]).status_code == 200
