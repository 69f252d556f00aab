"""The second factor: a code from an app beside the password. Whoever likes has one; staff need it in production.

The pages are allauth's (allauth.mfa); here is what it leaves to a project.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.errors import SecondFactorNeeded
from accounts.models import User
from core.addresses import is_staff_site

_ENCRYPTED = {"secret", "seed"}  # of an app, and of recovery codes


class MFAAdapter(DefaultMFAAdapter):
    """Keys of apps are stored encrypted: a copy of the database alone makes no codes."""

    def encrypt(self, text: str) -> str:
        """The text as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text as it was."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """The picture to scan, as an element of a page: without the declaration of a file."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]


def _cipher() -> MultiFernet:
    """Encrypts with the SECRET_KEY of today, and reads what was encrypted with one that is being replaced."""
    return MultiFernet([_cipher_of(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _cipher_of(secret: str) -> Fernet:
    key = hashlib.sha256(b"second factor:" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


@transaction.atomic
def encrypt_again() -> int:
    """Encrypt all that is stored with the SECRET_KEY of today, so that the one before can go. Returns how many."""
    cipher = _cipher()
    factors = list(Authenticator.objects.select_for_update())
    for factor in factors:
        for name in _ENCRYPTED & factor.data.keys():
            factor.data[name] = cipher.rotate(factor.data[name].encode()).decode()
        factor.save(update_fields=["data"])
    return len(factors)


def check(user: User, code: str) -> None:
    """Nothing, if the account has no second factor or this is a code of it, which is used up then.

    Raises SecondFactorNeeded otherwise.
    """
    factors = list(Authenticator.objects.filter(user=user))
    if not factors:
        return
    for factor in factors:
        if code and factor.wrap().validate_code(code):
            factor.record_usage()
            return
    raise SecondFactorNeeded


def note_first_code(*, request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any) -> None:
    """Whoever has just set the second factor up has shown a code of it: the session counts as opened with both."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


class StaffSecondFactorMiddleware:
    """Keeps the staff site shut to sessions that were opened with a password alone, if staff need a second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Called by Django before each view."""
        if not settings.STAFF_NEED_SECOND_FACTOR or not is_staff_site(request) or not request.user.is_staff:
            return None
        if any(record["method"] == "mfa" for record in get_authentication_records(request, request.user)):
            return None
        if Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
            return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
        messages.warning(request, _("The staff site needs a second factor. Please set yours up now."))
        return redirect("mfa_activate_totp")
