"""Access tokens: a signed statement of who the caller is, believed for JWT_EXPIRES_IN without asking the database."""

from contextlib import suppress
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.settings import api_settings

from accounts.models import Device


class RotatingBackend(TokenBackend):
    """Signs with the first of settings.JWT_SECRETS and believes all of them, so that a secret can be replaced."""

    def __init__(self) -> None:
        super().__init__(api_settings.ALGORITHM, settings.JWT_SECRETS[0])

    def get_verifying_key(self, token: Any) -> str:
        """The secret that signed this token; the first one if none did, for the library to refuse it."""
        for secret in settings.JWT_SECRETS:
            with suppress(jwt.InvalidTokenError):
                jwt.PyJWS().decode(token, secret, algorithms=[self.algorithm])
                return str(secret)
        return str(settings.JWT_SECRETS[0])


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
