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

from bookings.admin import money_sections
from core.admin.display import link, money_column, status_column, time_column
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry
from payments.admin.courtesy import GiveCourtesy
from payments.admin.gateway import GATEWAY
from payments.admin.timeline import timeline
from payments.models import Payment

STATUS = status_column(
    _("status"),
    {
        "pending": "info", "processing": "info", "succeeded": "success", "failed": "warning", "cancelled": "",
        "partially_refunded": "warning", "refunded": "danger",
    },
)  # fmt: skip
AMOUNT = money_column("amount", _("amount"))
CREATED, SUCCEEDED = time_column("created_at", _("started at")), time_column("succeeded_at", _("paid at"))


@admin.register(Payment)
class PaymentAdmin(WithSections, ReadOnly, ModelAdmin):
    """Payments, newest first. Money moves through use cases only; nothing of it is written here."""

    list_display = (CREATED, "for_booking", STATUS, AMOUNT, "gateway", "intent_id", "error")
    list_filter = (
        "status",
        GATEWAY,
        "currency",
        "created_at",
    )
    search_fields = (
        "id__exact",
        "booking__reference__iexact",
        "session_id__exact",
        "intent_id__exact",
        "charge_id__exact",
    )
    search_help_text = _("Booking, or an id: ours or the payment service's (cs_…, pi_…, ch_…)")
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": (("for_booking", STATUS), (CREATED, SUCCEEDED), "last_error")}),
        (_("Amounts"), {
            "fields": (
                (AMOUNT, money_column("received_amount", _("received"))),
                (money_column("fare_amount", _("of it fare")), money_column("tax_amount", _("of it tax"))),
                (money_column("fee_amount", _("of it fees")), money_column("refunded_amount", _("paid back"))),
            )
        }),
        (_("At the gateway"), {
            "fields": ("gateway", "session_id", ("intent_id", "charge_id"), "checkout_url", "return_url")
        }),
    )  # fmt: skip
    actions_detail: ClassVar = ["give_courtesy"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        payments: QuerySet[Payment] = super().get_queryset(request)
        return payments.select_related("booking").defer("parameters")

    def sections(self, request: HttpRequest, obj: Payment) -> Iterable[Section]:
        may = request.user.has_perm
        refunds = list(obj.refunds.order_by("pk").prefetch_related("attempts"))
        disputes = list(obj.disputes.order_by("pk"))
        entries = with_lines(_entries_of(obj)) if obj.intent_id and may("ledger.view_journalentry") else []
        if may("payments.view_refund"):
            yield money_sections.refunds(refunds)
        if disputes and may("payments.view_dispute"):
            yield money_sections.disputes(disputes)
        if entries:
            yield ledger_entries(entries)
        yield timeline(request, obj, refunds, disputes, entries)

    @admin.display(description=_("booking"))
    def for_booking(self, payment: Payment) -> SafeString:
        return link("bookings_booking", payment.booking_id, payment.booking.reference)

    @admin.display(description=_("last error"))
    def error(self, payment: Payment) -> str:
        return Truncator(payment.last_error).chars(60)

    # ---------------------------------------------------------------------------------------------------- actions
    @action(description=GiveCourtesy.title, icon="volunteer_activism", permissions=["pay_back"])
    def give_courtesy(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Pay some of it back that nobody owes."""
        return GiveCourtesy.as_view(model_admin=self)(request, object_id=object_id)

    def has_pay_back_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm(GiveCourtesy.permission_required))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only where money arrived."""
        payment = self.get_object(request, object_id)
        return super().get_actions_detail(request, object_id) if payment and payment.is_paid else []


def _entries_of(payment: Payment) -> QuerySet[JournalEntry]:
    """By the booking, which is indexed, and then by the payment."""
    of_booking = JournalEntry.objects.filter(booking_reference=payment.booking.reference)
    return of_booking.filter(gateway=payment.gateway, payment_intent_id=payment.intent_id)
