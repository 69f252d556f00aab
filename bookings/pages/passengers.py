"""Names that come with any button of the booking page: whatever else happens, they are kept."""

from django.http import HttpRequest

from bookings.actions.name_passengers import name_passengers
from bookings.errors import HoldExpired
from bookings.models import Booking
from bookings.pages.forms import PassengersForm

_SESSION_KEY = "typed_passengers"


def passengers_form(request: HttpRequest, booking: Booking) -> PassengersForm:
    """The empty or filled form; with names of an earlier booking whose time ran out, if there are any."""
    form = PassengersForm(booking)
    if not any(passenger.full_name for passenger in form.passengers):
        typed = request.session.get(_SESSION_KEY, [])
        for passenger, (name, document) in zip(form.passengers, typed, strict=False):
            form.initial[f"name-{passenger.seat.number}"] = name
            form.initial[f"document-{passenger.seat.number}"] = document
    return form


def offer_names_again(request: HttpRequest, booking: Booking) -> None:
    """Keep the names of a booking that was not paid in time for the next one, unless later ones are kept already."""
    saved = [(passenger.full_name, passenger.document) for passenger in booking.live_passengers()]
    if any(name for name, _document in saved) and _SESSION_KEY not in request.session:
        request.session[_SESSION_KEY] = saved


def save_names(request: HttpRequest, booking: Booking, *, complete: bool = False) -> PassengersForm | None:
    """Save the typed names. Returns the form if something in it must be mended first, with `complete` a missing name.

    Raises HoldExpired and InvalidState.
    """
    form = PassengersForm(booking, request.POST, complete=complete)
    if not form.is_valid():
        return form
    travellers = form.travellers()
    try:
        name_passengers(booking.pk, travellers)
    except HoldExpired:
        request.session[_SESSION_KEY] = [(traveller.full_name, traveller.document) for traveller in travellers]
        raise
    request.session.pop(_SESSION_KEY, None)
    return None
