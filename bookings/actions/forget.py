"""Forget who travelled. What was booked, when, where and for how much stays."""

from django.db.models import QuerySet

from bookings.models import Booking, Passenger
from core.privacy import FORGOTTEN_EMAIL


def forget_travellers(bookings: QuerySet[Booking]) -> int:
    """Take names, documents and addresses from bookings, in the caller's transaction. Returns how many had any."""
    known = bookings.exclude(contact_email=FORGOTTEN_EMAIL)
    ids = list(known.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    Passenger.objects.filter(booking_id__in=ids).update(full_name="", document="")
    return Booking.objects.filter(pk__in=ids).update(contact_email=FORGOTTEN_EMAIL, contact_phone="")
