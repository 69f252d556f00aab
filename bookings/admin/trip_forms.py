"""What staff type about a trip."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSingleTimeWidget

from bookings.models import Route, SeatMap, Trip
from core.admin.amounts import AmountField


class TripForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be mended of a trip that is there."""

    booking_fee = AmountField(label=_("Our booking fee a seat"), help_text=_("For new bookings."))

    class Meta:
        model = Trip
        fields = ("number", "seat_map", "booking_fee")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fee = self.fields.get("booking_fee")
        if isinstance(fee, AmountField):
            fee.use(self.instance.currency)

    def clean_number(self) -> str:
        """One that the operator has not given to another trip of that date."""
        number = str(self.cleaned_data["number"])
        _refuse_second(self.instance.operator_id, number, self.instance.service_date, but=self.instance.pk)
        return number

    def clean_seat_map(self) -> SeatMap:
        """Seats of a vehicle of the same operator."""
        seat_map: SeatMap = self.cleaned_data["seat_map"]
        if seat_map.vehicle.operator_id != self.instance.operator_id:
            raise ValidationError(_("This vehicle belongs to another operator."))
        return seat_map


class NewTripForm(forms.ModelForm):  # type: ignore[type-arg]
    """A dated run of a route."""

    departs = forms.TimeField(
        label=_("Departs at"),
        widget=UnfoldAdminSingleTimeWidget(),
        help_text=_("From the first stop, by its clock. The other stops follow as the route says."),
    )

    class Meta:
        model = Trip
        fields = ("route", "seat_map", "number", "service_date")

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or {}
        route, seat_map = chosen.get("route"), chosen.get("seat_map")
        if route and seat_map and seat_map.vehicle.operator_id != route.operator_id:
            self.add_error("seat_map", _("This vehicle belongs to another operator than the route."))
        if route and seat_map and seat_map.vehicle.mode != route.mode:
            self.add_error("seat_map", _("This vehicle does not run on such a route."))
        if route and route.stops.count() < 2:
            self.add_error("route", _("This route has no stops yet."))
        if route and {"number", "service_date"} <= {*chosen}:
            _refuse_second(route.operator_id, chosen["number"], chosen["service_date"])
        return chosen

    def schedule(self) -> dict[str, Any]:
        """What bookings.actions.schedule_trip wants to know."""
        return {**self.cleaned_data, "fares": _fares_of_last_trip(self.cleaned_data["route"])}


def _refuse_second(operator: int, number: str, on: date, but: int = 0) -> None:
    """What the database would refuse as well, said in a form: the constraint has fields that no form shows."""
    if Trip.objects.filter(operator=operator, number=number, service_date=on).exclude(pk=but).exists():
        raise ValidationError(_("The operator has a trip of this number on this date."))


def _fares_of_last_trip(route: Route) -> Mapping[tuple[str, int, int], int]:
    """The fares of the route's latest trip, unless the route stops elsewhere now."""
    last = route.trips.order_by("-service_date", "-pk").first()
    if last is None or [stop.place_id for stop in last.stops.all()] != [stop.place_id for stop in route.stops.all()]:
        return {}
    return {(fare.fare_class, fare.from_position, fare.to_position): fare.amount for fare in last.fares.all()}
