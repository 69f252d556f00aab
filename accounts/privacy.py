"""Of a person: the account, and where it is signed in."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from accounts.models import Device, User
from core.models import IdempotencyRecord, OutboxMessage
from core.privacy import Person, forgets, hinders, tells


@tells("account")
def account(person: Person) -> dict[str, Any] | None:
    """Who signs in."""
    user = User.objects.filter(pk=person.user_id).first()
    if user is None:
        return None
    return {
        "email": user.email,
        "full_name": user.full_name,
        "language": user.language,
        "joined_at": user.date_joined.isoformat(),
        "last_sign_in_at": user.last_login.isoformat() if user.last_login else None,
        "second_factor": Authenticator.objects.filter(user=user).exists(),
    }


@tells("devices")
def devices(person: Person) -> list[dict[str, Any]]:
    """Where the account is, or was, signed in over the API."""
    return [
        {
            "name": device.name,
            "user_agent": device.user_agent,
            "ip": device.ip,
            "created_at": device.created_at.isoformat(),
            "last_used_at": device.last_used_at.isoformat(),
            "signed_out_at": device.signed_out_at.isoformat() if device.signed_out_at else None,
        }
        for device in Device.objects.filter(user_id=person.user_id).order_by("created_at")
    ]


@hinders
def staff(person: Person) -> str:
    """What staff did is part of the books, under their name."""
    # The lock is also the one that holds of seats take, so that none begins until all is forgotten.
    user = User.objects.select_for_update(no_key=True).filter(pk=person.user_id).first()
    if user and user.is_staff:
        return _("Accounts of staff are closed by an administrator.")
    return ""


@forgets
def forget_account(person: Person) -> None:
    """The row stays, since bookings name it; nobody is behind it any more."""
    user = User.objects.filter(pk=person.user_id).first()
    if user is None:
        return
    Device.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    IdempotencyRecord.objects.filter(owner=f"user:{user.pk}").delete()
    OutboxMessage.objects.filter(kind__startswith="account.", payload__user=user.pk).delete()
    user.email, user.full_name = f"forgotten-{user.pk}@berth.invalid", ""
    user.is_active = False
    user.set_unusable_password()  # which ends every session, too: they carry a digest of it
    user.save(update_fields=["email", "full_name", "is_active", "password"])
