"""Whose booking a page may show: the signed-in owner's, or a guest's whose session or link names it."""

from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation

from bookings.models import Booking
from bookings.queries import find_booking
from core.errors import NotFound

_SESSION_KEY = "bookings"
_REMEMBERED = 50  # a session is no archive; older ones are found again by reference and e-mail
_signer = signing.Signer(salt="booking")


def booking_for(request: HttpRequest, reference: str) -> Booking:
    """The booking, if this visitor may see it. Raises NotFound, the same for none and another's."""
    booking = find_booking(reference)
    user_id = request.user.pk if request.user.is_authenticated else None
    if (user_id and booking.owner_id == user_id) or booking.reference in remembered(request):
        return booking
    raise NotFound("There is no such booking.")


def remembered(request: HttpRequest) -> list[str]:
    """References of the bookings that this browser made or opened as a guest."""
    references: list[str] = request.session.get(_SESSION_KEY, [])
    return references


def remember(request: HttpRequest, reference: str) -> None:
    """Let this browser see the booking until its session ends."""
    references = [known for known in remembered(request) if known != reference]
    request.session[_SESSION_KEY] = [*references, reference][-_REMEMBERED:]


def opens(key: str, reference: str) -> bool:
    """Whether the key from a link belongs to this booking."""
    try:
        return _signer.unsign(key) == reference
    except signing.BadSignature:
        return False


def booking_link(booking: Booking) -> str:
    """The absolute address of the booking's page in its own language, with a key: whoever has it sees the booking."""
    with translation.override(booking.language):
        path = reverse("bookings:booking", args=[booking.reference])
    return f"{settings.PUBLIC_URL}{path}?{urlencode({'key': _signer.sign(booking.reference)})}"
