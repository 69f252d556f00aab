from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from bookings.admin.booking_sections import sections_of
from bookings.admin.policy import policy_lines
from bookings.models import Booking, BookingStatus, PassengerStatus, TripStop
from core.admin.display import link, local, money_column, percent_column, status_column, time_column
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from core.admin.subject import subject
from core.money import Money

STATUS = status_column(
    _("status"),
    {
        "pending": "info", "pending_payment": "info", "failed": "warning", "confirmed": "success",
        "completed": "success", "cancelled": "danger", "refunded": "danger", "no_show": "warning",
    },
)  # fmt: skip
PAYMENT_STATUS = status_column(
    _("payment"),
    {
        "processing": "info", "paid": "success", "partially_refunded": "warning", "refunded": "danger",
        "disputed": "danger",
    },
    field="payment_status",
)  # fmt: skip
CREATED, EXPIRES = time_column("created_at", _("held first at")), time_column("expires_at", _("hold ends at"))
FARE, TAX, FEES = (
    money_column("fare_amount", _("fare")),
    money_column("tax_amount", _("tax")),
    money_column("fee_amount", _("fees")),
)
COMMISSION = percent_column("commission_bps", _("commission"))
COMMISSION_TAX = percent_column("commission_tax_bps", _("tax within the commission"))


@admin.register(Booking)
class BookingAdmin(WithSections, ReadOnly, ModelAdmin):
    """Bookings, newest first, each with everything that belongs to it on one page."""

    list_display = ("reference", "trip", "contact_email", STATUS, PAYMENT_STATUS, "total", CREATED)
    list_filter = ("status", "payment_status", "trip__operator", "created_at")
    search_fields = (
        "reference__iexact",
        "contact_email__icontains",
        "passengers__full_name__icontains",
        "payments__session_id__exact",
        "payments__intent_id__exact",
        "payments__charge_id__exact",
    )
    search_help_text = _("Reference, e-mail, passenger, or an id of the payment service (cs_…, pi_…, ch_…)")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": (("reference", STATUS), ("on_trip", PAYMENT_STATUS), ("boarding_at", "alighting_at"))}),
        (_("Contact and hold"), {
            "fields": (("contact_email", "phone"), ("account", "language"), (CREATED, EXPIRES))
        }),
        (_("Price and terms at purchase"), {
            "fields": (
                ("total", "paid"), (FARE, "refunded"), (TAX, "owed"), (FEES, COMMISSION),
                ("no_show_refund", COMMISSION_TAX), "policy", "operator_bears_disputes",
            )
        }),
    )  # fmt: skip

    actions_detail: ClassVar = ["cancel_seats", "pay_back_after_departure", "mark_no_shows", "mark_travelled"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        bookings: QuerySet[Booking] = super().get_queryset(request)
        return bookings.select_related("trip", "owner", "boarding__place", "alighting__place")

    def sections(self, request: HttpRequest, obj: Booking) -> Iterable[Section]:
        return sections_of(obj, request)

    @admin.display(description=_("trip"))
    def on_trip(self, booking: Booking) -> SafeString:
        return link("bookings_trip", booking.trip_id, booking.trip)

    @admin.display(description=_("from"))
    def boarding_at(self, booking: Booking) -> SafeString:
        return _place_and_time(booking.boarding, booking.boarding.departs_at)

    @admin.display(description=_("to"))
    def alighting_at(self, booking: Booking) -> SafeString:
        return _place_and_time(booking.alighting, booking.alighting.arrives_at)

    @admin.display(description=_("telephone"))
    def phone(self, booking: Booking) -> SafeString:
        return format_html('<bdi dir="ltr">{}</bdi>', booking.contact_phone)

    @admin.display(description=_("account"))
    def account(self, booking: Booking) -> str:
        return str(booking.owner or _("guest"))

    @admin.display(description=_("total"))
    def total(self, booking: Booking) -> Money:
        return booking.total

    @admin.display(description=_("paid"))
    def paid(self, booking: Booking) -> Money:
        return booking.paid

    @admin.display(description=_("refunded"))
    def refunded(self, booking: Booking) -> Money:
        return booking.refunded

    @admin.display(description=_("still owed"))
    def owed(self, booking: Booking) -> Money:
        return booking.owed

    @admin.display(description=_("goes back to who does not show up"))
    def no_show_refund(self, booking: Booking) -> str:
        return f"{booking.no_show_refund_percent} %"

    @admin.display(description=_("cancellation policy"))
    def policy(self, booking: Booking) -> str:
        return policy_lines(booking.cancellation_policy, booking.currency)

    # ---------------------------------------------------------------------------------------------------- actions
    @action(description=_("Cancel seats"), icon="event_busy", permissions=["pay_back"])
    def cancel_seats(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On to the page where that is done; money is the business of payments."""
        return redirect("admin:payments_cancel_seats", subject(Booking, object_id).pk)

    def has_pay_back_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm("payments.request_refund"))

    @action(description=_("Pay back after departure"), icon="undo", permissions=["pay_back"])
    def pay_back_after_departure(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same."""
        return redirect("admin:payments_pay_back_after_departure", subject(Booking, object_id).pk)

    @action(description=_("Did not travel"), icon="person_off", permissions=["pay_back"])
    def mark_no_shows(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same: something may go back."""
        return redirect("admin:payments_mark_no_shows", subject(Booking, object_id).pk)

    @action(description=_("Did travel"), icon="how_to_reg", permissions=["pay_back"])
    def mark_travelled(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same."""
        return redirect("admin:payments_mark_travelled", subject(Booking, object_id).pk)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only what can be done now."""
        booking = self.get_object(request, object_id)
        possible = _actions(booking) if booking is not None else set()
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return [one for one in actions if one.action_name.removeprefix("bookings_booking_") in possible]


def _actions(booking: Booking) -> set[str]:
    """What staff can do with it now: give up seats before departure, after it what is left to be said."""
    if booking.is_unpaid or booking.status == BookingStatus.CONFIRMED:
        return {"cancel_seats"}
    if not booking.is_over:
        return set()
    absent = [one.status == PassengerStatus.NO_SHOW for one in booking.live_passengers()]
    possible = {"pay_back_after_departure"}
    return possible | ({"mark_travelled"} if any(absent) else set()) | (set() if all(absent) else {"mark_no_shows"})


def _place_and_time(stop: TripStop, at: datetime) -> SafeString:
    return format_html("{} · {}", stop.place, local(at, stop.place.zone))
