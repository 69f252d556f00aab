"""Refresh tokens as their holder sees them: random text, which the database knows only by a peppered SHA-256.

The pepper lives in the environment, so a copy of the database alone does not even tell whether a guess is right.
"""

import hashlib
import hmac
import secrets

from django.conf import settings

_BYTES = 32  # 256 bits, as many as the digest has


def new_secret() -> str:
    """The text of a fresh refresh token."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """What is stored of a token: its HMAC-SHA-256 under the pepper of today, in hexadecimal."""
    return _digest(settings.REFRESH_TOKEN_PEPPERS[0], secret)


def possible_digests(secret: str) -> list[str]:
    """Under which digests a token may be stored while peppers are being replaced."""
    return [_digest(pepper, secret) for pepper in settings.REFRESH_TOKEN_PEPPERS]


def _digest(pepper: str, secret: str) -> str:
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()
