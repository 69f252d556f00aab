"""People at the staff site, each with a browser of their own."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from bookings import demo


@pytest.fixture(autouse=True)
def guards_are_asked(db) -> Iterator[None]:
    """Deferred guards judge at commit, which a rolled-back test never reaches."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser("root@example.com", "a-long-password")


@pytest.fixture
def root(superuser) -> Client:
    """A superuser's browser."""
    return signed_in(superuser)


@pytest.fixture
def as_role() -> Callable[[str], Client]:
    """The browser of a demo user: traveller, staff, finance or auditor."""

    def browser(role: str) -> Client:
        (sign_in,) = [one for one in demo.SIGN_INS if one.role == role]
        demo._user(sign_in)
        return signed_in(User.objects.get(email=sign_in.email))

    return browser


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
