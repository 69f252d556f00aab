from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from core.admin.display import Text, link, money_column, person, prose, status_column, time_column, utc
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, Table, WithSections
from payments import attention
from payments.admin.after_departure import MarkNoShows, MarkTravelled, PayBackAfterDeparture
from payments.admin.cancel_seats import CancelSeats
from payments.admin.cancel_trip import CancelTrip
from payments.admin.refund_steps import PayByHand, RefundStep, TryAgain, WasCourtesy, WentBack
from payments.models import Refund, RefundAttempt, RefundReason, RefundStatus

STATUS = status_column(
    _("status"),
    {
        "requested": "info",
        "submitting": "info",
        "submitted": "info",
        "succeeded": "success",
        "failed": "danger",
        "replaced": "",
    },
)
AMOUNT = money_column("amount", _("amount"))
CREATED, SUCCEEDED, DUE = (
    time_column("created_at", _("requested at")),
    time_column("succeeded_at", _("paid back at")),
    time_column("due_at", _("next step at")),
)


class NeedsFilter(admin.SimpleListFilter):
    """By what is the matter with it."""

    title = _("needs attention")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [
            ("attention", _("for any reason")),
            ("settling", _("failed, and not paid by hand")),
            ("patience", _("under way for more than a day")),
            ("explaining", _("made at the payment service, not explained")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        match self.value():
            case "attention":
                return queryset.filter(attention.to_see_to())
            case "settling":
                return queryset.filter(attention.FAILED)
            case "patience":
                return queryset.filter(attention.slow())
            case "explaining":
                return queryset.filter(attention.UNEXPLAINED)
        return queryset


@admin.register(Refund)
class RefundAdmin(WithSections, ReadOnly, ModelAdmin):
    """Money on its way back, newest first; and what staff do about it."""

    list_display = (CREATED, "for_booking", STATUS, AMOUNT, "reason", "error")
    list_filter = (NeedsFilter, "status", "reason", "currency", "created_at")
    list_select_related = ("payment__booking",)
    search_fields = (
        "payment__booking__reference__iexact", "payment__intent_id__exact", "payment__charge_id__exact",
        "attempts__gateway_refund_id__exact",
    )  # fmt: skip
    search_help_text = _("Booking, or an id of the payment service (pi_…, ch_…, re_…)")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("for_booking", STATUS), (AMOUNT, "of_payment"), ("reason", "note"), (CREATED, "asked_by"),
        (SUCCEEDED, "paid_by_hand"), (DUE, "tries"), ("last_error", "accounted"),
    )  # fmt: skip
    actions_detail: ClassVar = ["try_again", "pay_by_hand", "went_back", "was_courtesy"]

    def sections(self, request: HttpRequest, obj: Refund) -> Iterable[Section]:
        yield _attempts(obj)
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("refund")})

    @admin.display(description=_("booking"))
    def for_booking(self, refund: Refund) -> SafeString:
        booking = refund.payment.booking
        return link("bookings_booking", booking.pk, booking.reference)

    @admin.display(description=_("payment"))
    def of_payment(self, refund: Refund) -> SafeString:
        return link("payments_payment", refund.payment_id, refund.payment_id)

    @admin.display(description=_("requested by"))
    def asked_by(self, refund: Refund) -> str:
        return person(refund.requested_by)

    @admin.display(description=_("last error"))
    def error(self, refund: Refund) -> str:
        return Truncator(refund.last_error).chars(60)

    # ---------------------------------------------------------------------------------------------------- actions
    def get_custom_urls(self) -> Any:
        """Pages that lead to refunds, reached from those of bookings and trips, which know no payments."""
        return (
            ("of-booking/<int:booking_id>/", "payments_cancel_seats", CancelSeats.as_view(model_admin=self)),
            ("of-trip/<int:trip_id>/", "payments_cancel_trip", CancelTrip.as_view(model_admin=self)),
            (
                "after-departure/<int:booking_id>/",
                "payments_pay_back_after_departure",
                PayBackAfterDeparture.as_view(model_admin=self),
            ),
            ("no-shows/<int:booking_id>/", "payments_mark_no_shows", MarkNoShows.as_view(model_admin=self)),
            ("travelled/<int:booking_id>/", "payments_mark_travelled", MarkTravelled.as_view(model_admin=self)),
        )

    @action(description=TryAgain.title, icon="replay", permissions=["settle"])
    def try_again(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Send a failed one once more."""
        return TryAgain.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=PayByHand.title, icon="account_balance", permissions=["settle"])
    def pay_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """A failed one was transferred from the bank."""
        return PayByHand.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=WentBack.title, icon="alt_route", permissions=["settle"])
    def went_back(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The payer of a failed one has the money by another way."""
        return WentBack.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=WasCourtesy.title, icon="volunteer_activism", permissions=["settle"])
    def was_courtesy(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """One that was made at the gateway was for nothing that was owed."""
        return WasCourtesy.as_view(model_admin=self)(request, object_id=object_id)

    def has_settle_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the actions above: the right to change refunds, though nobody changes one by hand."""
        return bool(request.user.has_perm(RefundStep.permission_required))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only what the refund's state allows."""
        refund = self.get_object(request, object_id)
        offered = _steps(refund) if refund else ()
        actions = super().get_actions_detail(request, object_id)
        return [one for one in actions if one.action_name.removeprefix("payments_refund_") in offered]


def _steps(refund: Refund) -> tuple[str, ...]:
    if refund.reason == RefundReason.GATEWAY:
        return () if refund.accounted or refund.status == RefundStatus.FAILED else ("was_courtesy",)
    return ("try_again", "pay_by_hand", "went_back") if refund.status == RefundStatus.FAILED else ()


def _attempts(refund: Refund) -> Table:
    return Table(
        _("attempts"),
        (_("begun at"), _("number"), _("gateway"), _("refund at the gateway"), _("outcome"), _("error")),
        [
            (
                utc(attempt.created_at),
                attempt.number,
                attempt.gateway,
                attempt.gateway_refund_id,
                _outcome(attempt),
                prose(attempt.error),
            )
            for attempt in refund.attempts.order_by("number")
        ],
    )


def _outcome(attempt: RefundAttempt) -> Text:
    if attempt.is_over:
        return _("came to nothing")
    return _("unclear: it is looked up before it is sent again") if attempt.is_unclear else ""
