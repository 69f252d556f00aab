"""Somebody at the staff site over HTTP, who decides about money."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.db.models import Model
from django.test import Client

from accounts.models import User
from tests.admin.deciding import address, hidden_in


@dataclass(frozen=True)
class Desk:
    """A browser of theirs."""

    client: httpx.Client

    def look(self, decision: str, subject: Model, **typed: str | list[str]) -> httpx.Response:
        """The page that shows what will come of what was typed; nothing is done."""
        page = address(decision, subject)
        self.client.get(page)
        shown = self.client.post(page, data={**typed, **self._token})
        assert shown.status_code == 200, shown.text
        return shown

    def confirm(self, shown: httpx.Response) -> None:
        """Press the red button of that page."""
        fields = {**hidden_in(shown), "confirm": "1", **self._token}
        done = self.client.post(shown.url.path, data=fields)
        assert done.status_code == 302, done.text

    @property
    def _token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.client.cookies[settings.CSRF_COOKIE_NAME]}


@contextmanager
def desk(server: str) -> Iterator[Desk]:
    """A superuser's."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("root@example.com", "a-long-password"))
    cookies = {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}
    with httpx.Client(base_url=server, cookies=cookies, timeout=60, trust_env=False, verify=False) as client:
        yield Desk(client)
