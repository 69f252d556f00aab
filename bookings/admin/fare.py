from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.of_trip import OfTrip
from bookings.admin.policy import PolicyField, policy_lines
from bookings.models import Fare, Trip
from core.admin.amounts import AmountField
from core.money import Money


def _choice(title: Any, coerce: Any = int) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=title, coerce=coerce, widget=UnfoldAdminSelectWidget())


class FareForm(forms.ModelForm):  # type: ignore[type-arg]
    """A fare, chosen among the trip's own stops and classes, in the trip's currency."""

    fare_class = _choice(_("fare class"), str)
    from_position = _choice(_("from"))
    to_position = _choice(_("to"))
    amount = AmountField(label=_("Amount, tax included"))
    cancellation_policy = PolicyField(
        says=_("Empty: the route's, else the operator's. Each passenger keeps the terms of the purchase."),
        required=False,
        rows=2,
    )

    class Meta:
        model = Fare
        fields = ("fare_class", "from_position", "to_position", "amount", "cancellation_policy")

    def clean(self) -> dict[str, Any]:
        fare = super().clean() or {}
        if fare.get("from_position", 0) >= fare.get("to_position", 1):
            self.add_error("to_position", _("The trip comes here earlier."))
        return fare


class FareInline(OfTrip, TabularInline):
    """What a seat costs on each stretch. New fares are for new holds; who holds a seat keeps its price."""

    model = Fare
    form = FareForm
    extra = 0
    hide_title = True
    tab = True
    shown = ("fare_class", "boarding", "alighting", "price", "policy")

    def get_formset(self, request: HttpRequest, obj: Trip | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        if obj is not None:
            fields = formset.form.base_fields
            stops = [(stop.position, f"{stop.position} · {stop.place.code}") for stop in obj.stops.all()]
            fields["fare_class"].choices = [(name, name) for name in _fare_classes(obj)]
            fields["from_position"].choices = stops[:-1]
            fields["to_position"].choices = stops[1:]
            fields["amount"].use(obj.currency)
            fields["cancellation_policy"].use(obj.currency)
        return formset

    def get_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        return self.form.Meta.fields if self.has_change_permission(request, obj) else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        return () if self.has_change_permission(request, obj) else self.shown

    @admin.display(description=_("from"))
    def boarding(self, fare: Fare) -> str:
        return self._code(fare.from_position)

    @admin.display(description=_("to"))
    def alighting(self, fare: Fare) -> str:
        return self._code(fare.to_position)

    @admin.display(description=_("amount, tax included"))
    def price(self, fare: Fare) -> Money:
        assert self.trip
        return Money(fare.amount, self.trip.currency)

    @admin.display(description=_("cancellation policy"))
    def policy(self, fare: Fare) -> str:
        assert self.trip
        if fare.cancellation_policy is None:
            return gettext("the route's, else the operator's")
        return policy_lines(fare.cancellation_policy, self.trip.currency)

    def _code(self, position: int) -> str:
        assert self.trip
        return {stop.position: stop.place.code for stop in self.trip.stops.all()}.get(position, str(position))


def _fare_classes(trip: Trip) -> list[str]:
    """Those of the trip's seats, and those that have a fare already."""
    of_seats = trip.seat_map.seats.order_by().values_list("fare_class").distinct()
    return sorted({name for (name,) in of_seats.union(trip.fares.order_by().values_list("fare_class"))})
