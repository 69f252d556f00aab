"""What allauth's pages do our way."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts import lock
from accounts.models import User
from core import limits


class AccountAdapter(DefaultAccountAdapter):
    """Signing in on the pages counts against the same limits as over the API."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """A password is about to be tried. Raises RateLimited and AccountLocked, which become a page of their own."""
        limits.take("signin", limits.where(request))
        lock.count_try(credentials["email"])

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The user with these credentials."""
        user: User | None = super().authenticate(request, **credentials)
        if user:
            lock.open_again(credentials["email"])
        return user
