from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from bookings import gate
from bookings.actions.close_trip import close_trip
from bookings.actions.confirm import SELLABLE
from bookings.actions.delay_trip import LONGEST, delay_trip
from bookings.actions.reopen_trip import reopen_trip
from bookings.actions.schedule_trip import schedule_trip
from bookings.admin.counts import count_of
from bookings.admin.departure_filter import DepartureFilter
from bookings.admin.fare import FareInline
from bookings.admin.occupancy import SOLD, occupancy
from bookings.admin.passengers import passengers_of
from bookings.admin.policy import policy_lines
from bookings.admin.schedule import ChangesSchedule
from bookings.admin.to_clear import to_clear
from bookings.admin.trip_forms import NewTripForm, TripForm
from bookings.admin.trip_stop import TripStopInline
from bookings.models import Booking, Seat, SeatClaim, Trip, TripStatus
from core.admin.decision import ReasonField
from core.admin.display import Text, badge, local, money_column, status_column
from core.admin.history import history
from core.admin.sections import Section, WithSections
from core.admin.subject import subject
from core.errors import InvalidState

STATUS = status_column(
    _("status"), {"open": "success", "closed": "warning", "cancelled": "danger", "departed": "info", "arrived": "info"}
)
FEE = money_column("booking_fee", _("our booking fee a seat"))
UseCase = Callable[..., Trip]
_OFFERED = {
    "open": ("close_sales", "delay_trip", "cancel_trip"),
    "closed": ("reopen_sales", "delay_trip", "cancel_trip"),
}


class ReasonForm(BaseDialogForm):
    """Why it is done; kept in the trip's history."""

    reason = ReasonField()


class DelayForm(ReasonForm):
    """By how much as well."""

    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=1,
        max_value=LONGEST // timedelta(minutes=1),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    field_order = ("minutes", "reason")


def _ask(title: Text, description: Text, form: type[ReasonForm] = ReasonForm) -> dict[str, Any]:
    return {"title": title, "description": description, "form_class": form, "form_submit_text": title}


@admin.register(Trip)
class TripAdmin(WithSections, ChangesSchedule, ModelAdmin):
    """Dated trips: when they run, what they cost, how full they are."""

    list_display = ("departure", "number", "route", "operator", STATUS, "load")
    list_filter = (DepartureFilter, "status", "operator", "mode")
    search_fields = ("number__istartswith", "route__name", "operator__name")
    search_help_text = _("Number, route or operator")
    date_hierarchy = "service_date"
    ordering = ("service_date", "number")
    list_display_links = ("departure", "number")
    list_per_page = 50
    show_full_result_count = False
    autocomplete_fields = ("route", "seat_map")
    inlines = (TripStopInline, FareInline)
    actions: ClassVar = ["close_selected", "reopen_selected"]
    actions_detail: ClassVar = ["close_sales", "reopen_sales", "delay_trip", "cancel_trip"]

    # ---------------------------------------------------------------------------------------------------- reading
    def get_queryset(self, request: HttpRequest) -> QuerySet[Trip]:
        trips: QuerySet[Trip] = super().get_queryset(request)
        return (
            trips.select_related("route", "operator", "seat_map__vehicle")
            .prefetch_related("stops__place")
            .annotate(
                sold=SOLD,
                capacity=count_of(Seat, "seat_map", on="seat_map"),
                is_taken=Exists(SeatClaim.objects.filter(trip=OuterRef("pk")))
                | Exists(Booking.objects.filter(trip=OuterRef("pk"))),
            )
        )

    @admin.display(description=_("departure"), ordering="service_date")
    def departure(self, trip: Trip) -> SafeString | None:
        """From the first stop, by its clock."""
        stops = trip.stops.all()
        return local(stops[0].departs_at, stops[0].place.zone) if stops else None

    @admin.display(description=_("sold"))
    def load(self, trip: Any) -> str:
        """Seats sold on the fullest leg, and how many there are."""
        return f"{trip.sold} / {trip.capacity}"

    @admin.display(description=_("bookings"))
    def bookings(self, trip: Trip) -> SafeString:
        return format_html(
            '<a class="text-link" href="{}?trip__id__exact={}">{}</a>',
            reverse("admin:bookings_booking_changelist"), trip.pk, _("All bookings of this trip"),
        )  # fmt: skip

    @admin.display(description=_("still to be cleared"))
    def still_to_clear(self, trip: Trip) -> SafeString:
        """Bookings that the job has not come to, or that a bank's decision holds up."""
        count = to_clear(trip).count()
        if not count:
            return badge(_("none"), "success")
        return badge(ngettext("%(count)d booking", "%(count)d bookings", count) % {"count": count}, "warning")

    @admin.display(description=_("cancellation policy"))
    def policy(self, trip: Trip) -> str:
        """Of seats whose fare has no terms of its own."""
        return policy_lines(trip.cancellation_policy, trip.currency)

    def sections(self, request: HttpRequest, obj: Trip) -> Iterable[Section]:
        yield from occupancy(obj, list(obj.stops.all()))
        if request.user.has_perm("bookings.view_booking"):
            yield passengers_of(obj)
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: str(obj)})

    # --------------------------------------------------------------------------------------------------- changing
    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Trip | None:
        """What is to be changed is read behind the trip's gate, which stays closed to buyers until the commit."""
        if request.method == "POST" and object_id.isdecimal():
            gate.enter_to_change(int(object_id))
        trip: Trip | None = super().get_object(request, object_id, from_field)
        return trip

    def has_change_permission(self, request: HttpRequest, obj: Trip | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status in SELLABLE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not getattr(obj, "is_taken", False)

    def get_form(self, request: HttpRequest, obj: Trip | None = None, **kwargs: Any) -> Any:
        kwargs["form"] = TripForm if obj else NewTripForm
        return super().get_form(request, obj, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Trip | None) -> Any:
        return self.inlines if obj else ()

    def get_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        if obj is None:
            return ("route", "seat_map", ("number", "service_date"), "departs")
        fee = "booking_fee" if self.has_change_permission(request, obj) else FEE
        return (
            ("number", "service_date"), ("operator", "route"), (STATUS, "load"), ("seat_map", "mode"), fee, "policy",
            ("bookings", "still_to_clear") if obj.status == TripStatus.CANCELLED else "bookings",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Trip | None = None) -> Any:
        if obj is None:
            return ()
        fixed = (
            "service_date", "operator", "route", STATUS, "load", "mode", FEE, "policy", "bookings", "still_to_clear",
        )  # fmt: skip
        return (*fixed, "number", "seat_map") if getattr(obj, "is_taken", True) else fixed

    def save_model(self, request: HttpRequest, obj: Trip, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = schedule_trip(**form.schedule()).pk

    def response_add(self, request: HttpRequest, obj: Trip, post_url_continue: str | None = None) -> HttpResponse:
        """On to the page of the new trip, whose times and fares somebody should look over."""
        self.message_user(request, _("The trip is on sale. Please look its times and fares over."), messages.SUCCESS)
        return redirect("admin:bookings_trip_change", obj.pk)

    # ---------------------------------------------------------------------------------------------------- actions
    @admin.action(description=_("Close sales"), permissions=["sell"])
    def close_selected(self, request: HttpRequest, queryset: QuerySet[Trip]) -> None:
        """End the sale of the selected trips."""
        for trip in queryset:
            self._do(request, trip, close_trip, _("sales are closed"), "Closed by staff.")

    @admin.action(description=_("Reopen sales"), permissions=["sell"])
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Trip]) -> None:
        """Sell the selected trips again."""
        for trip in queryset:
            self._do(request, trip, reopen_trip, _("it is on sale again"), "Reopened by staff.")

    @action(
        description=_("Close sales"), icon="block", permissions=["sell"],
        dialog=_ask(_("Close sales"), _("Nobody can hold seats any more. Seats that are held can still be paid.")),
    )  # fmt: skip
    def close_sales(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """End the sale of this trip."""
        trip = subject(Trip, object_id)
        self._do(request, trip, close_trip, _("sales are closed"), form.cleaned_data["reason"])
        return _reload(trip)

    @action(
        description=_("Reopen sales"), icon="sell", permissions=["sell"],
        dialog=_ask(_("Reopen sales"), _("Seats can be held again, at each stop until its end of sales.")),
    )  # fmt: skip
    def reopen_sales(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Sell this trip again."""
        trip = subject(Trip, object_id)
        self._do(request, trip, reopen_trip, _("it is on sale again"), form.cleaned_data["reason"])
        return _reload(trip)

    @action(
        description=_("Delay the trip"), icon="schedule", permissions=["sell"],
        dialog=_ask(
            _("Delay the trip"),
            _("All that is still ahead moves by so many minutes. Everybody who has seats from there is written to."),
            DelayForm,
        ),
    )  # fmt: skip
    def delay_trip(self, request: HttpRequest, form: DelayForm, object_id: str) -> HttpResponse:
        """Let this trip run later."""
        trip = subject(Trip, object_id)
        minutes = form.cleaned_data["minutes"]
        try:
            told = delay_trip(trip.pk, by=timedelta(minutes=minutes))
        except InvalidState as error:
            self.message_user(request, f"{trip}: {error.detail}", messages.ERROR)
            return _reload(trip)
        self.log_change(request, trip, f"Delayed by {minutes} min: {form.cleaned_data['reason']}")
        done = ngettext(
            "The trip is delayed; %(count)d booking is written to.",
            "The trip is delayed; %(count)d bookings are written to.",
            told,
        )
        self.message_user(request, done % {"count": told}, messages.SUCCESS)
        return _reload(trip)

    @action(description=_("Cancel the trip"), icon="cancel", permissions=["sell"])
    def cancel_trip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On to the page where that is done; money is the business of payments."""
        return redirect("admin:payments_cancel_trip", subject(Trip, object_id).pk)

    def has_sell_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the actions above."""
        return bool(request.user.has_perm("bookings.change_trip"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what the trip's status allows."""
        trips = Trip.objects.filter(pk=object_id) if str(object_id).isdecimal() else Trip.objects.none()
        status = trips.values_list("status", flat=True).first()
        offered = _OFFERED.get(status or "", ())
        actions = super().get_actions_detail(request, object_id)
        return [one for one in actions if one.action_name.removeprefix("bookings_trip_") in offered]

    def _do(self, request: HttpRequest, trip: Trip, use_case: UseCase, done: Text, reason: str) -> None:
        try:
            use_case(trip.pk, reason=reason)
        except InvalidState as error:
            self.message_user(request, f"{trip}: {error.detail}", messages.ERROR)
            return
        self.log_change(request, trip, f"{done}: {reason}")
        self.message_user(request, f"{trip}: {done}.", messages.SUCCESS)


def _reload(trip: Trip) -> HttpResponse:
    """The dialog is answered by a script on the page, which goes to this address."""
    return HttpResponse(headers={"HX-Redirect": reverse("admin:bookings_trip_change", args=[trip.pk])})
