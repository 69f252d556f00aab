"""Access tokens: a signed statement of who the caller is, believed for JWT_EXPIRES_IN without asking the database."""

import hashlib
from contextlib import suppress
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.settings import api_settings

from accounts.models import Device


class RotatingBackend(TokenBackend):
    """Signs with the first of settings.JWT_SECRETS and believes all of them, so that a secret can be replaced.

    Which one signed a token its header `kid` tells.
    """

    def __init__(self) -> None:
        super().__init__(api_settings.ALGORITHM, settings.JWT_SECRETS[0])

    def encode(self, payload: dict[str, Any]) -> str:
        """The payload, signed."""
        secret = settings.JWT_SECRETS[0]
        return jwt.encode(payload, secret, self.algorithm, headers={"kid": key_id(secret)})

    def get_verifying_key(self, token: Any) -> str:
        """The secret that the token names; the first one if it names none of ours, for the library to refuse it."""
        secrets = {key_id(secret): secret for secret in reversed(settings.JWT_SECRETS)}
        named = ""
        with suppress(jwt.InvalidTokenError):
            named = jwt.get_unverified_header(token).get("kid", "")
        return str(secrets.get(named, settings.JWT_SECRETS[0]))


def key_id(secret: str) -> str:
    """What a secret is called in public: eight hexadecimal digits of its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


class AccessToken(tokens.AccessToken):
    """A JWT with the claims `sub` (the user's id) and `device` (the device's id), both as text."""

    @classmethod
    def of(cls, device: Device) -> "AccessToken":
        """A fresh token for the user of this device."""
        token = cls()
        token["sub"] = str(device.user_id)
        token["device"] = str(device.pk)
        return token

    @property
    def seconds(self) -> int:
        """How long the token is good for, from its beginning."""
        return int(self["exp"] - self["iat"])

    def get_token_backend(self) -> RotatingBackend:
        return RotatingBackend()
