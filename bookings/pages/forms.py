"""What travellers fill in."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.actions.hold import Contact, Traveller
from bookings.models import Booking, Passenger, Place

FURTHEST = dt.timedelta(days=366)
LONGEST_SEAT_NUMBER = 6
_UNKNOWN_PLACE = {"invalid_choice": gettext_lazy("We do not know this place.")}


class SearchForm(forms.Form):
    """From where to where, when, how many."""

    origin = forms.ChoiceField(label=gettext_lazy("From"), error_messages=_UNKNOWN_PLACE)
    destination = forms.ChoiceField(label=gettext_lazy("To"), error_messages=_UNKNOWN_PLACE)
    date = forms.DateField(
        label=gettext_lazy("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    passengers = forms.IntegerField(
        label=gettext_lazy("Passengers"), min_value=1, max_value=settings.MAX_HELD_SEATS, required=False
    )

    def __init__(self, *args: Any, places: Iterable[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {place.code: place for place in places}
        choices = [("", _("Choose a place")), *_grouped(self.places.values())]
        for name in ("origin", "destination"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_passengers(self) -> int:
        return self.cleaned_data["passengers"] or 1

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        origin, destination, day = found.get("origin"), found.get("destination"), found.get("date")
        if origin and origin == destination:
            self.add_error("destination", _("Choose another place than the one you start from."))
        if origin and day:
            today = timezone.now().astimezone(self.places[origin].zone).date()
            self._check_day(day, today)
        return found

    def _check_day(self, day: dt.date, today: dt.date) -> None:
        if day < today:
            self.add_error("date", _("This day has passed."))
        elif day > today + FURTHEST:
            self.add_error("date", _("This day is too far ahead."))

    @property
    def origin_place(self) -> Place:
        """The place that a valid form starts from."""
        return self.places[self.cleaned_data["origin"]]

    @property
    def destination_place(self) -> Place:
        """The place that a valid form goes to."""
        return self.places[self.cleaned_data["destination"]]


def _grouped(places: Iterable[Place]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for kind, label in ((Place.Kind.AIRPORT, _("Airports")), (Place.Kind.STATION, _("Bus stations"))):
        options = sorted((f"{place.local_city} ({place.code})", place.code) for place in places if place.kind == kind)
        yield label, [(code, name) for name, code in options]


class SeatsField(forms.MultipleChoiceField):
    """Seat numbers. Which there are is the vehicle's to say: holding refuses others."""

    def valid_value(self, value: str) -> bool:
        return len(value) <= LONGEST_SEAT_NUMBER and value.isalnum()


class HoldForm(forms.Form):
    """Which seats, and where the ticket goes."""

    seats = SeatsField(
        label=gettext_lazy("Seats"), error_messages={"required": gettext_lazy("Choose at least one seat.")}
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("Your ticket goes here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telephone"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("Only for news about your trip."),
        validators=[RegexValidator(r"^\+?[\d ()./-]{5,}$", gettext_lazy("Write digits, like +966 50 123 4567."))],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def clean_key(self) -> uuid.UUID:
        return self.cleaned_data["key"] or uuid.uuid4()

    def contact(self, language: str) -> Contact:
        """The contact of a valid form."""
        return Contact(email=self.cleaned_data["email"], phone=self.cleaned_data["phone"], language=language)


class PassengersForm(forms.Form):
    """A name and a document for each seat; with `complete`, no name may be missing.

    What the sent data leave out stays as it is saved.
    """

    def __init__(self, booking: Booking, data: QueryDict | None = None, *, complete: bool = False) -> None:
        self.passengers = booking.live_passengers()
        saved = {f"name-{one.seat.number}": one.full_name for one in self.passengers}
        saved |= {f"document-{one.seat.number}": one.document for one in self.passengers}
        super().__init__(None if data is None else saved | data.dict(), initial=saved)
        for passenger in self.passengers:
            self._add(passenger.seat.number, complete=complete)

    def _add(self, seat: str, *, complete: bool) -> None:
        self.fields[f"name-{seat}"] = forms.CharField(
            label=_("Full name"),
            max_length=120,
            required=complete,
            error_messages={"required": _("Who sits on %(seat)s?") % {"seat": seat}},
            widget=forms.TextInput(attrs={"autocomplete": f"section-{seat} name", "required": False}),
        )
        self.fields[f"document-{seat}"] = forms.CharField(
            label=_("Passport or identity number"),
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "off", "class": "ltr-input"}),
        )

    def rows(self) -> Iterator[tuple[Passenger, forms.BoundField, forms.BoundField]]:
        """Each passenger with the fields of their name and document."""
        for passenger in self.passengers:
            seat = passenger.seat.number
            yield passenger, self[f"name-{seat}"], self[f"document-{seat}"]

    def travellers(self) -> list[Traveller]:
        """Who sits where, of a valid form."""
        return [
            Traveller(
                seat=passenger.seat.number,
                full_name=self.cleaned_data[f"name-{passenger.seat.number}"],
                document=self.cleaned_data[f"document-{passenger.seat.number}"],
            )
            for passenger in self.passengers
        ]


class FindForm(forms.Form):
    """A guest's way back to a booking."""

    reference = forms.CharField(
        label=gettext_lazy("Booking reference"),
        max_length=20,
        help_text=gettext_lazy("Eight letters and digits; it stands in every e-mail about your booking."),
        widget=forms.TextInput(
            attrs={
                "class": "ltr-input code",
                "autocapitalize": "characters",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("The address that you booked with."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_reference(self) -> str:
        return "".join(self.cleaned_data["reference"].split()).replace("-", "").upper()
