"""Give tokens to a device. Both functions belong inside the caller's transaction."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from accounts import refresh_secret
from accounts.access_token import AccessToken
from accounts.client import Client
from accounts.models import Device, RefreshToken, User


@dataclass(frozen=True)
class Pair:
    """What a device is given: the only place where a refresh token stands in clear."""

    access: str
    refresh: str
    expires_in: int  # seconds that the access token is good for


def new_device(user: User, *, client: Client, name: str = "") -> Device:
    """Begin a device, which has no token yet."""
    return Device.objects.create(
        user=user, name=name, user_agent=client.user_agent, ip=client.ip, last_used_at=timezone.now()
    )


def issue(device: Device, *, predecessor: RefreshToken | None = None) -> Pair:
    """Make the active token of a device that has none at this moment, and the access token that goes with it."""
    secret = refresh_secret.new_secret()
    RefreshToken.objects.create(
        device=device,
        digest=refresh_secret.digest(secret),
        predecessor=predecessor,
        expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
    )
    access = AccessToken.of(device)
    return Pair(access=str(access), refresh=secret, expires_in=access.seconds)
