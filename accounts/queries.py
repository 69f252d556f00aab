"""What others ask accounts."""

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Device, RefreshTokenStatus, User
from core.privacy import Person


def address_is_taken(email: str) -> bool:
    """Whether someone signs in with this address, or has added it to an account on the pages."""
    address = email.strip().lower()
    return User.objects.filter(email=address).exists() or EmailAddress.objects.filter(email=address).exists()


def person_with(email: str) -> Person:
    """Whoever signs in with this address, or made bookings with it as a guest."""
    address = email.strip().lower()
    user = User.objects.filter(email=address).first()
    return Person(user_id=user.pk if user else 0, email=address)


def signed_in_devices(user_id: int) -> QuerySet[Device]:
    """The devices on which the user can still refresh: each has its one active token, and it has not expired."""
    return Device.objects.filter(
        user_id=user_id,
        refresh_tokens__status=RefreshTokenStatus.ACTIVE,
        refresh_tokens__expires_at__gt=timezone.now(),
    )
