"""Everybody who comes to an address: with their browser's session, and their app's token if they have an account."""

import json
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client, RequestFactory
from django.test.client import ClientHandler

from accounts import roles
from accounts.models import User
from tests.admin.scene import form_of

PEOPLE = {
    "nobody": "has not signed in",
    "guest": "has not signed in either, and has the link to the owner's bookings",
    "another": "traveller",
    "owner": "of the bookings that all this is about",
    "clerk": "is one of staff and in no group",
    "support": "group",
    "operations": "group",
    "finance": "group",
    "controller": "group",
    "auditor": "group",
    "root": "superuser",
}
PASSWORD = "seven-green-camels"


@dataclass
class Person:
    """Sends requests as one browser, or one app, would."""

    name: str
    user: User | None = None
    session: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Programs get the token and JSON, people the session and a form; each time as after the first sign-in."""
        if path.startswith(("/api/", "/webhooks/")):
            bearer = {"Authorization": f"Bearer {self.tokens['access']}"} if self.tokens else {}
            sent, content_type = json.dumps(body) if body is not None else "", "application/json"
            return _Browser().generic(method, path, sent, content_type, headers={**bearer, **(headers or {})})
        browser = _Browser(self.session)
        if method == "POST":
            return browser.post(path, body or {}, headers=headers)
        return browser.generic(method, path, headers=headers)

    def form_at(self, path: str) -> dict[str, Any]:
        """The fields of a staff page, as they would be sent back."""
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        return form_of(client.get(path))


class _Browser(RequestFactory):
    """Like Django's test client, which also keeps a copy of all that templates were given: that takes its time."""

    _service = ClientHandler(enforce_csrf_checks=False)

    def __init__(self, session: str = "") -> None:
        super().__init__()
        if session:
            self.cookies[settings.SESSION_COOKIE_NAME] = session

    def request(self, **request: Any) -> Any:
        return self._service(self._base_environ(**request))


def everybody() -> dict[str, Person]:
    """All of them, signed in by their passwords where they have accounts."""
    people = {name: Person(name) for name in PEOPLE}
    for name in PEOPLE:
        if name not in ("nobody", "guest"):
            people[name].user = _user(name)
            sign_in(people[name])
    return people


def _user(name: str) -> User:
    staff = name not in ("another", "owner")
    user = User.objects.create_user(
        f"{name}@example.com", PASSWORD, full_name=name, is_staff=staff, is_superuser=name == "root"
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    if name in roles.ROLES:
        user.groups.add(roles.keep(name))
    return user


def sign_in(person: Person) -> None:
    """On the page, with the password shown once more as for what matters, and in the app."""
    assert person.user is not None
    email = person.user.email
    answer = person.ask("POST", "/en/account/login/", {"login": email, "password": PASSWORD})
    person.session = answer.cookies[settings.SESSION_COOKIE_NAME].value
    person.ask("POST", "/en/account/reauthenticate/", {"password": PASSWORD})
    token = person.ask("POST", "/api/v1/auth/token", {"email": email, "password": PASSWORD})
    person.tokens = json.loads(token.content)
