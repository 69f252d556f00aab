from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import INPUT_CLASSES

from bookings.admin.of_trip import OfTrip
from bookings.models import Trip, TripStop
from core.admin.display import Column, local

TIMES = {"arrives_at": _("arrives"), "departs_at": _("departs"), "sales_end_at": _("sales end")}


class LocalTimeField(forms.DateTimeField):
    """A moment, shown and typed by the clock of a place; a time that this clock skips or shows twice is an error."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput({"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, "%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)
        self.zone = ZoneInfo("UTC")

    def prepare_value(self, value: Any) -> Any:
        """A moment as its clock shows it; what somebody typed stays."""
        return value.astimezone(self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        """The moment at which the clock shows what was typed."""
        with timezone.override(self.zone):
            return super().to_python(value)


class TripStopForm(forms.ModelForm):  # type: ignore[type-arg]
    """A stop's times by the clock of its place."""

    arrives_at = LocalTimeField(label=_("Arrives"))
    departs_at = LocalTimeField(label=_("Departs"))
    sales_end_at = LocalTimeField(label=_("Sales end"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, LocalTimeField) and self.instance.place_id:
                field.zone = self.instance.place.zone

    def clean(self) -> dict[str, Any]:
        times = super().clean() or {}
        if {*TIMES} <= {*times}:
            if times["departs_at"] < times["arrives_at"]:
                self.add_error("departs_at", _("It departs before it arrives."))
            elif times["sales_end_at"] > times["departs_at"]:
                self.add_error("sales_end_at", _("Sales end at departure at the latest."))
        return times


class TripStopsFormSet(PaginationInlineFormSet):
    """Stops that follow each other in time, from the trip's date on."""

    def clean(self) -> None:
        super().clean()
        stops = sorted((form.instance for form in self.forms), key=lambda stop: stop.position)
        if any(self.errors) or not stops:
            return
        if any(later.arrives_at <= earlier.departs_at for earlier, later in pairwise(stops)):
            raise ValidationError(_("Each stop is reached after the one before it was left."))
        if stops[0].departs_at.astimezone(stops[0].place.zone).date() != self.instance.service_date:
            raise ValidationError(_("The trip departs from its first stop on its own date."))


def _local_column(field: str) -> Column:
    @admin.display(description=TIMES[field])
    def column(stop: TripStop) -> SafeString | None:
        return local(getattr(stop, field), stop.place.zone)

    return column


class TripStopInline(OfTrip, TabularInline):
    """Which stops there are came from the route. Their times can be moved until somebody holds a seat."""

    model = TripStop
    form = TripStopForm
    formset = TripStopsFormSet
    hide_title = True
    tab = True
    extra = 0
    shown = ("position", "place", *map(_local_column, TIMES))

    def get_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        return ("position", "place", "zone", *TIMES) if self.has_change_permission(request, obj) else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        return ("position", "place", "zone") if self.has_change_permission(request, obj) else self.shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[TripStop]:
        stops: QuerySet[TripStop] = super().get_queryset(request)
        return stops.select_related("place")

    def has_add_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not getattr(obj, "is_taken", False)

    @admin.display(description=_("clock"))
    def zone(self, stop: TripStop) -> str:
        """Whose clock the times are by."""
        return stop.place.timezone
