"""Bodies and answers of the accounts' part of the REST interface."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers

from accounts.api.authentication import caller
from accounts.models import User
from accounts.models.device import DEVICE_NAME_LENGTH


class RegistrationSerializer(serializers.Serializer[Any]):
    """Who wants an account."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(trim_whitespace=False)
    full_name = serializers.CharField(max_length=150)

    def validate_password(self, password: str) -> str:
        """Django's validators, which also compare the password with the address."""
        validate_password(password, User(email=self.initial_data.get("email")))
        return password


class CredentialsSerializer(serializers.Serializer[Any]):
    """Who signs in, and what the device shall be called in the list of devices."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(trim_whitespace=False)
    device_name = serializers.CharField(max_length=DEVICE_NAME_LENGTH, allow_blank=True, default="")
    code = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Of the second factor, if the account has one."
    )


class LeavingSerializer(serializers.Serializer[Any]):
    """Whoever closes an account shows once more that it is theirs."""

    password = serializers.CharField(trim_whitespace=False)
    code = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Of the second factor, if the account has one."
    )


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField()


class PairSerializer(serializers.Serializer[Any]):
    """The tokens of a device; the access token is good for `expires_in` seconds."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField()


class UserSerializer(serializers.Serializer[Any]):
    """A user, as the user sees it."""

    id = serializers.CharField()
    email = serializers.EmailField()
    full_name = serializers.CharField()
    language = serializers.CharField()


class RegisteredSerializer(PairSerializer):
    """The new user and the tokens of the device that registered."""

    user = UserSerializer()


class DeviceSerializer(serializers.Serializer[Any]):
    """A device on which the user is signed in; `current` is the one that asks."""

    id = serializers.CharField()
    name = serializers.CharField()
    user_agent = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    current = serializers.SerializerMethodField()

    def get_current(self, device: Any) -> bool:
        """Whether the caller's access token was given to this device."""
        return bool(str(device.pk) == caller(self.context["request"]).device_id)
