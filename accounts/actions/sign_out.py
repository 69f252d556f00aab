from typing import Any

from django.db.models import QuerySet

from accounts import lock
from accounts.models import Device, User
from accounts.refresh_secret import possible_digests
from core.transactions import in_one_transaction


@in_one_transaction
def sign_out(devices: QuerySet[Device], *, reason: str) -> int:
    """Sign out those of these devices that are signed in. Returns how many they were.

    Their access tokens are believed until they expire, at most JWT_EXPIRES_IN from now.
    """
    signed_in = devices.filter(signed_out_at=None).select_for_update(no_key=True, of=("self",)).order_by("pk")
    for device in (locked := list(signed_in)):
        device.sign_out(reason=reason)
    return len(locked)


def sign_out_holder_of(secret: str) -> None:
    """Sign out the device that was given this refresh token, be it spent; nothing happens if nobody was."""
    sign_out(Device.objects.filter(refresh_tokens__digest__in=possible_digests(secret)), reason="signed out")


def sign_out_after_new_password(*, user: User, **_signal: Any) -> None:
    """Sign out every device of a user: whoever learnt the old password may hold one. (Django does so with sessions.)

    And whoever was locked out by tries of others can sign in with the new one.
    """
    sign_out(Device.objects.filter(user=user), reason="new password")
    lock.open_again(user.email)
