"""Of a person: their bookings, and who travels on them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bookings.actions.forget import forget_travellers
from bookings.api.presenters import booking_json
from bookings.models import Booking, BookingStatus
from bookings.queries import bookings_in_full, history
from core.clock import BerthNow
from core.privacy import FORGOTTEN_EMAIL, Person, forgets, hinders, tells


def bookings_of(person: Person) -> QuerySet[Booking]:
    """Those of the account, and those that a guest made with the address."""
    theirs = Q(owner_id=person.user_id)
    if person.email not in ("", FORGOTTEN_EMAIL):
        theirs |= Q(owner__isnull=True, contact_email__iexact=person.email)
    return Booking.objects.filter(theirs)


@tells("bookings")
def bookings(person: Person) -> list[dict[str, Any]]:
    """Each as the API shows it."""
    mine = list(bookings_in_full().filter(pk__in=bookings_of(person)).order_by("pk"))
    changes = history(mine)
    return [booking_json(booking, changes[booking.pk]) for booking in mine]


@hinders
def journeys_to_come(person: Person) -> str:
    """Whoever is still to travel is on a list of passengers, and must be."""
    held = Q(status__in=Booking.HOLDING, expires_at__gt=BerthNow())
    if bookings_of(person).filter(held | Q(status=BookingStatus.CONFIRMED)).exists():
        return _("There are bookings that are held, or whose journey is still to come. Travel or cancel them first.")
    return ""


@forgets
def forget_bookings(person: Person) -> None:
    """Who travelled, and how they could be reached."""
    forget_travellers(bookings_of(person))
