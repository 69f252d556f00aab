import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from bookings.actions.make_seat_map import Rows, make_seat_map
from bookings.admin.cabin import draw
from bookings.admin.counts import count_of
from bookings.models import Seat, SeatMap, Trip
from core.admin.sections import Section, WithSections

MOST_ROWS = 200
_EXAMPLE = "1-3 business\n4 economy accessible\n5-30 economy"
_ROWS = re.compile(r"(?P<first>\d{1,3})(-(?P<last>\d{1,3}))?:? +(?P<fare_class>\w{1,20})(?P<features>( +\w{1,20})*)")
_COLUMNS = re.compile(r"[A-Z]+( [A-Z]+)*")


class SeatMapForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new version, described by rows instead of seat by seat."""

    cabin = forms.CharField(
        label=_("Rows"),
        widget=UnfoldAdminTextareaWidget({"rows": 6, "placeholder": _EXAMPLE}),
        help_text=_("A line for rows that are alike: their numbers, the fare class, features (accessible, exit_row)."),
    )

    class Meta:
        model = SeatMap
        fields = ("vehicle", "columns")

    def clean_columns(self) -> str:
        """Each letter once, single spaces between."""
        columns = str(self.cleaned_data["columns"]).upper()
        letters = columns.replace(" ", "")
        if not _COLUMNS.fullmatch(columns) or len(set(letters)) < len(letters):
            raise ValidationError(_("Write each letter once, with a space where an aisle is: ABC DEF"))
        return columns

    def clean_cabin(self) -> list[Rows]:
        """The description, understood."""
        cabin = [_read(line) for line in self.cleaned_data["cabin"].splitlines() if line.strip()]
        numbers = [number for rows in cabin for number in range(rows.first, rows.last + 1)]
        if len(numbers) > MOST_ROWS or len(set(numbers)) < len(numbers):
            raise ValidationError(_("Each row is described once, and there are at most %d.") % MOST_ROWS)
        return cabin


def _read(line: str) -> Rows:
    match = _ROWS.fullmatch(line.strip())
    if not match:
        raise ValidationError(_("“%s” is no line like “4-30 economy”.") % line)
    first = int(match["first"])
    last = int(match["last"] or first)
    if not 1 <= first <= last:
        raise ValidationError(_("“%s” does not count upwards from 1.") % line)
    return Rows(first, last, match["fare_class"], tuple(match["features"].split()))


@admin.register(SeatMap)
class SeatMapAdmin(WithSections, ModelAdmin):
    """Versions of the seats of a vehicle. They are never changed, as trips sell by them: a new one is made."""

    form = SeatMapForm
    list_display = ("vehicle", "version", "columns", "seat_count", "trip_count")
    list_filter = ("vehicle__operator",)
    search_fields = ("vehicle__name", "vehicle__operator__name")
    ordering = ("vehicle__name", "-version")
    autocomplete_fields = ("vehicle",)

    def get_fields(self, request: HttpRequest, obj: SeatMap | None = None) -> Any:
        return (("vehicle", "version"), "columns", ("seat_count", "trip_count")) if obj else (
            "vehicle", "columns", "cabin"
        )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[SeatMap]:
        seat_maps: QuerySet[SeatMap] = super().get_queryset(request)
        return seat_maps.select_related("vehicle").annotate(
            seat_count=count_of(Seat, "seat_map"), trip_count=count_of(Trip, "seat_map")
        )

    def has_change_permission(self, request: HttpRequest, obj: SeatMap | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not getattr(obj, "trip_count", 0)

    def save_model(self, request: HttpRequest, obj: SeatMap, form: SeatMapForm, change: bool) -> None:  # noqa: FBT001
        chosen = form.cleaned_data
        made = make_seat_map(vehicle=chosen["vehicle"], columns=chosen["columns"], cabin=chosen["cabin"])
        obj.pk, obj.version = made.pk, made.version

    def sections(self, request: HttpRequest, obj: SeatMap) -> Iterable[Section]:
        yield draw(obj, _("seats"))

    @admin.display(description=_("seats"))
    def seat_count(self, seat_map: Any) -> int:
        count: int = seat_map.seat_count
        return count

    @admin.display(description=_("trips"))
    def trip_count(self, seat_map: Any) -> int:
        count: int = seat_map.trip_count
        return count
