"""Nobody is led from our pages to another site, whatever a link says."""

import re

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example/",
    "http:///evil.example/",
    "javascript:alert(1)",
    " https://evil.example/",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "/\t/evil.example/",
]
EMAIL, PASSWORD = "layla@example.com", "a long password"
PAGES = {
    "/en/account/login/": {"login": EMAIL, "password": PASSWORD},
    "/en/account/signup/": {
        "email": "new@example.com",
        "password1": "seats-and-money",
        "full_name": "Layla Haddad",
    },
    "/en/account/reauthenticate/": {"password": PASSWORD},
    "/en/account/logout/": {},
    "/en/admin/login/": {"username": EMAIL, "password": PASSWORD},
}
SIGNED_IN = {"/en/account/reauthenticate/", "/en/account/logout/"}
PATHS = ["//evil.example", "//evil.example/en/", "/en//evil.example", "/\\evil.example", "/en/account//evil.example"]


@pytest.fixture
def visitor() -> Client:
    return Client()


@pytest.fixture
def user() -> User:
    return User.objects.create_user(EMAIL, PASSWORD, full_name="Layla Haddad", is_staff=True)


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("page", PAGES)
def test_a_form_leads_to_our_own_pages_only(visitor, user, page, target):
    if page in SIGNED_IN:
        visitor.force_login(user)
    answer = visitor.post(page, {**PAGES[page], "next": target}, query_params={"next": target})
    assert answer.status_code == 302
    assert is_ours(answer["Location"]), answer["Location"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_completed_stays_here(visitor, path):
    answer = visitor.get("/", PATH_INFO=path)
    assert answer.status_code == 404 or is_ours(answer["Location"]), answer["Location"]


def is_ours(location: str) -> bool:
    """As browsers read it: they take a backslash for a slash and leave white space and control characters out."""
    return bool(re.match(r"/(?!/)", re.sub(r"[\x00-\x20]", "", location).replace("\\", "/")))
