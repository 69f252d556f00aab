"""What everybody tries to get at: the bookings of one traveller, in every state in which something can be done."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from bookings.models import Booking, Passenger, Trip
from bookings.pages.access import booking_link
from payments.actions.start import start_payment
from payments.models import Payment
from tests.payments.scene import buy
from tests.rights.people import Person, everybody
from tests.services import Sandbox
from tests.world import hold_seats, make_trip

NAME, DOCUMENT, PHONE = "Layla Haddad", "P1234567", "+966500000000"


@dataclass
class World:
    """The people, and what there is.

    `values` is what stands in the brackets of addresses unless a wish says otherwise; `things` is what staff have to do
    with, by names of its own and by model.
    """

    people: dict[str, Person]
    trip: Trip
    held: Booking
    started: Payment
    paid: Payment
    unheard: Payment
    values: dict[str, Any] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)

    secrets = (NAME, DOCUMENT, PHONE, "layla@example.com")  # whoever reads one of these sees a booking

    def values_for(self, address: str) -> dict[str, Any]:
        """What stands in the brackets of an address; below a model's own page, one of that model."""
        _nothing, _admin, app, model, *_rest = f"{address}////".split("/")
        thing = self.things.get(f"{app}.{model}")
        return self.values | ({"object_id": thing.pk} if thing else {})


def make_world(sandbox: Sandbox) -> World:
    """The owner holds a seat, is paying for another, and has paid for two; the guest has got the links."""
    people = everybody()
    owner = people["owner"].user
    trip = make_trip()
    paid_booking, paid = buy(sandbox, "2A", "2B", trip=trip, owner_id=owner.pk)
    held = hold_seats(trip, "1A", owner_id=owner.pk)
    started = start_payment(hold_seats(trip, "3A", owner_id=owner.pk).pk).payment
    unheard = start_payment(hold_seats(trip, "4A", owner_id=owner.pk).pk).payment
    sandbox.pay(unheard.session_id)
    Passenger.objects.filter(booking__owner=owner).update(full_name=NAME, document=DOCUMENT)
    Booking.objects.filter(owner=owner).update(contact_phone=PHONE)
    for booking in (paid_booking, held, started.booking, unheard.booking):
        _open_link(people["guest"], booking)
    values = {
        "reference": paid_booking.reference,
        "trip_id": trip.pk,
        "payment_id": paid.pk,
        "device_id": owner.devices.get().pk,
        "name": "expire_holds",
    }
    return World(people, trip, held, started, paid, unheard, values)


def _open_link(guest: Person, booking: Booking) -> None:
    link = urlsplit(booking_link(booking))
    answer = guest.ask("GET", f"{link.path}?{link.query}")
    if not guest.session:
        guest.session = answer.cookies[settings.SESSION_COOKIE_NAME].value
