"""Sign-up, sign-in, sign-out and a forgotten password on the pages."""

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.utils.html import escape

from accounts.models import User
from core import outbox
from tests.accounts.conftest import EMAIL, PASSWORD, sign_in

NEXT = "/en/account/email/"  # a page of ours that needs a sign-in
NEW_PASSWORD = "nine-patient-falcons"


@pytest.fixture
def visitor(client, db):
    """A browser that checks what it is shown: our own pages, well formed."""

    def response_is_ours(response):
        if response.status_code == 200:
            page = response.content.decode()
            assert 'id="content"' in page  # base.html
            assert page.count("<h1>") == 1
            assert " style=" not in page
            assert "{{" not in page
        return response

    get, post = client.get, client.post
    client.get = lambda *args, **kwargs: response_is_ours(get(*args, **kwargs))
    client.post = lambda *args, **kwargs: response_is_ours(post(*args, **kwargs))
    return client


def signed_in_user(client) -> User | None:
    return User.objects.filter(pk=client.session.get(SESSION_KEY)).first()


def sign_up(visitor, language: str = "en", **changes):
    fields = {"full_name": "Amina Said", "email": EMAIL, "password1": PASSWORD, "next": NEXT, **changes}
    return visitor.post(f"/{language}/account/signup/", fields)


# ---------------------------------------------------------------------------------------------------------- sign-up
def test_the_sign_up_page_asks_for_name_address_and_password(visitor) -> None:
    page = visitor.get("/en/account/signup/").content.decode()

    assert re.findall(r'<input[^>]* name="(full_name|email|password1|password2)"', page) == [
        "full_name",
        "email",
        "password1",
    ]
    assert 'autocomplete="name"' in page
    assert 'autocomplete="new-password"' in page


@pytest.mark.parametrize("language", ["en", "ar"])
def test_sign_up_keeps_name_and_language_and_signs_in(visitor, language) -> None:
    response = sign_up(visitor, language)

    assert (response.status_code, response["Location"]) == (302, NEXT)
    user = User.objects.get()
    assert (user.email, user.full_name, user.language) == (EMAIL, "Amina Said", language)
    assert signed_in_user(visitor) == user


def test_who_signed_up_on_the_pages_signs_in_through_the_api(visitor, api) -> None:
    sign_up(visitor, email="Amina@Example.com")

    assert sign_in(api).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"full_name": ""}, {"email": "x"}, {"password1": "short"}, {"password1": EMAIL}, {"full_name": "x" * 151}],
)
def test_a_wrong_sign_up_changes_nothing_and_says_why(visitor, changes) -> None:
    response = sign_up(visitor, **changes)

    assert response.status_code == 200
    assert set(response.context["form"].errors) == set(changes)
    assert 'class="errorlist"' in response.content.decode()
    assert not User.objects.exists()
    assert signed_in_user(visitor) is None


def test_a_taken_address_is_refused(visitor, user) -> None:
    response = sign_up(visitor, email=EMAIL.upper())

    assert "email" in response.context["form"].errors
    assert User.objects.count() == 1
    assert signed_in_user(visitor) is None


# ----------------------------------------------------------------------------------------------------- in and out
def test_sign_in(visitor, user) -> None:
    page = visitor.get(f"/en/account/login/?next={NEXT}").content.decode()
    assert f'href="/en/account/signup/?next={NEXT}"' in page.replace("%2F", "/")
    response = visitor.post("/en/account/login/", {"login": EMAIL.upper(), "password": PASSWORD, "next": NEXT})

    assert (response.status_code, response["Location"]) == (302, NEXT)
    assert signed_in_user(visitor) == user


def test_who_registered_through_the_api_signs_in_on_the_pages(visitor, api) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "full_name": "Amina"}
    api.post("/api/v1/auth/register", body, format="json")
    visitor.post("/en/account/login/", {"login": EMAIL, "password": PASSWORD, "next": NEXT})

    assert signed_in_user(visitor) == User.objects.get()


@pytest.mark.parametrize(
    "fields", [{"login": EMAIL, "password": "wrong"}, {"login": "no@example.com", "password": PASSWORD}]
)
def test_wrong_credentials_are_refused_alike(visitor, user, fields) -> None:
    response = visitor.post("/en/account/login/", fields)

    assert response.status_code == 200
    (message,) = response.context["form"].non_field_errors()
    assert escape(message) in response.content.decode()
    assert "not correct" in message
    assert signed_in_user(visitor) is None


def test_a_closed_account_is_shown_so_and_not_signed_in(visitor, user) -> None:
    User.objects.update(is_active=False)
    response = visitor.post("/en/account/login/", {"login": EMAIL, "password": PASSWORD})

    assert response["Location"] == "/en/account/inactive/"
    assert "Account closed" in visitor.get(response["Location"]).content.decode()
    assert signed_in_user(visitor) is None


def test_sign_out_asks_first(visitor, user) -> None:
    visitor.force_login(user)

    assert EMAIL in visitor.get("/en/account/logout/").content.decode()
    assert signed_in_user(visitor) == user
    assert visitor.post("/en/account/logout/", {"next": "/en/account/login/"})["Location"] == "/en/account/login/"
    assert signed_in_user(visitor) is None


def test_the_pages_are_for_those_who_are_signed_in(visitor) -> None:
    for path in ("email", "password/change", "reauthenticate"):
        response = visitor.get(f"/en/account/{path}/")
        assert response["Location"].startswith("/en/account/login/?next=")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "path",
    [
        "login",
        "signup",
        "inactive",
        "confirm-email",
        "password/reset",
        "password/reset/done",
        "password/reset/key/done",
    ],
)
def test_the_pages_for_visitors_render(visitor, language, path) -> None:
    assert visitor.get(f"/{language}/account/{path}/").status_code == 200


@pytest.mark.parametrize("path", ["email", "password/change", "reauthenticate", "logout"])
def test_the_pages_for_users_render(visitor, user, path) -> None:
    visitor.force_login(user)

    assert visitor.get(f"/en/account/{path}/").status_code == 200


# ------------------------------------------------------------------------------------------------ forgotten password
def link_in(mail) -> str:
    return re.search(r"https?://[^/]+(/\S+)", mail.body)[1]


def test_a_forgotten_password_is_replaced(visitor, user, mailoutbox) -> None:
    response = visitor.post("/en/account/password/reset/", {"email": EMAIL})

    assert response["Location"] == "/en/account/password/reset/done/"
    outbox.drain()
    (mail,) = mailoutbox
    assert mail.to == [EMAIL]
    assert "Choose a new password" in mail.subject
    form = visitor.get(link_in(mail), follow=True).redirect_chain[-1][0]
    response = visitor.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert response["Location"] == "/en/account/password/reset/key/done/"
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert "too old" in visitor.get(link_in(mail)).content.decode()  # a link works once


def test_a_weak_new_password_is_refused(visitor, user, mailoutbox) -> None:
    visitor.post("/en/account/password/reset/", {"email": EMAIL})
    outbox.drain()
    form = visitor.get(link_in(mailoutbox[0]), follow=True).redirect_chain[-1][0]
    response = visitor.post(form, {"password1": "short", "password2": "short"})

    assert "password1" in response.context["form"].errors
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_an_unknown_address_gets_the_same_answer_and_another_mail(visitor, user, mailoutbox) -> None:
    response = visitor.post("/en/account/password/reset/", {"email": "o'neil@example.com"})

    assert response["Location"] == "/en/account/password/reset/done/"
    outbox.drain()
    (mail,) = mailoutbox
    assert mail.to == ["o'neil@example.com"]
    assert "o'neil@example.com" in mail.body  # plain text: nothing is escaped
    assert link_in(mail) == "/en/account/signup/"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


# ------------------------------------------------------------------------------------------------ e-mail addresses
def test_an_address_is_confirmed_by_its_link(visitor, user, mailoutbox) -> None:
    visitor.force_login(user)
    visitor.get("/en/account/email/")
    visitor.post("/en/account/email/", {"email": EMAIL, "action_send": ""})

    outbox.drain()
    (mail,) = mailoutbox
    assert "Confirm your address" in mail.subject
    assert EMAIL in visitor.get(link_in(mail)).content.decode()
    assert not user.emailaddress_set.get().verified
    visitor.post(link_in(mail))
    assert user.emailaddress_set.get().verified
    assert "Not confirmed yet" not in visitor.get("/en/account/email/").content.decode()


def test_a_made_up_confirmation_link_confirms_nothing(visitor, user) -> None:
    assert "not valid" in visitor.get("/en/account/confirm-email/made-up/").content.decode()
