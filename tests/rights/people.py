"""Everybody who comes to an address: with their browser's session, and their app's token if they have an account."""

import json
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from accounts import roles
from accounts.models import User

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
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    session: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Programs get the token and JSON, people the session and a form; each time as after the first sign-in."""
        self.client.cookies.clear()
        if path.startswith(("/api/", "/webhooks/")):
            bearer = {"Authorization": f"Bearer {self.tokens['access']}"} if self.tokens else {}
            sent, content_type = json.dumps(body) if body is not None else "", "application/json"
            return self.client.generic(method, path, sent, content_type, headers={**bearer, **(headers or {})})
        if self.session:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        if method == "POST":
            return self.client.post(path, body or {}, headers=headers)
        return self.client.generic(method, path, headers=headers)


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
    """On the page and in the app."""
    assert person.user is not None
    person.client.post("/en/account/login/", {"login": person.user.email, "password": PASSWORD})
    person.session = person.client.cookies[settings.SESSION_COOKIE_NAME].value
    person.ask("POST", "/en/account/reauthenticate/", {"password": PASSWORD})
    answer = person.ask("POST", "/api/v1/auth/token", {"email": person.user.email, "password": PASSWORD})
    person.tokens = answer.json()
