"""What allauth's pages do our way."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import emails, lock
from accounts.client import Client
from accounts.models import User
from core import limits


class AccountAdapter(DefaultAccountAdapter):
    """Signing in on the pages counts against the same limits as over the API."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """A password is about to be tried. Raises RateLimited and AccountLocked, which become a page of their own."""
        limits.take("signin", limits.where(request))
        lock.count_try(credentials["email"])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, like every e-mail."""
        emails.ask_for(template_prefix, email, context.get("user"))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """What was changed, and from where it was asked for."""
        emails.tell_of_change(template_prefix, email or user.email, user, Client.of(self.request).ip)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The user with these credentials."""
        user: User | None = super().authenticate(request, **credentials)
        if user:
            lock.open_again(credentials["email"])
        return user
