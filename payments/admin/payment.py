from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from bookings.admin.ledger_entries import ledger_entries
from core.admin.display import Text, link, money_column, prose, status_column, time_column, utc
from core.admin.filters import among
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, Table, WithSections
from core.transitions import Stateful
from ledger.models import JournalEntry
from payments.gateways import NAMES
from payments.models import GatewayEvent, Payment, Refund

STATUS = status_column(
    _("status"),
    {
        "pending": "info", "processing": "info", "succeeded": "success", "failed": "warning", "cancelled": "",
        "partially_refunded": "warning", "refunded": "danger",
    },
)  # fmt: skip
GATEWAY = among("gateway", _("gateway"), lambda: [(name, name) for name in NAMES])
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
                money_column("fee_amount", _("of it fees")),
            )
        }),
        (_("At the gateway"), {
            "fields": ("gateway", "session_id", ("intent_id", "charge_id"), "checkout_url", "return_url")
        }),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        payments: QuerySet[Payment] = super().get_queryset(request)
        return payments.select_related("booking").defer("parameters")

    def sections(self, request: HttpRequest, obj: Payment) -> Iterable[Section]:
        refunds = list(obj.refunds.order_by("pk"))
        if request.user.has_perm("payments.view_refund"):
            yield _refunds(refunds)
        if request.user.has_perm("payments.view_gatewayevent"):
            yield _events(GatewayEvent.objects.filter(payment=obj).defer("body").order_by("received_at", "pk"))
        if request.user.has_perm("ledger.view_journalentry") and obj.intent_id:
            # By the booking, which is indexed, and then by the payment.
            of_booking = JournalEntry.objects.filter(booking_reference=obj.booking.reference)
            yield ledger_entries(of_booking.filter(gateway=obj.gateway, payment_intent_id=obj.intent_id))
        if request.user.has_perm("core.view_statuschange"):
            names: dict[Stateful, Text] = {obj: _("payment")}
            yield history(names | {refund: gettext("refund %s") % refund.pk for refund in refunds})

    @admin.display(description=_("booking"))
    def for_booking(self, payment: Payment) -> SafeString:
        return link("bookings_booking", payment.booking_id, payment.booking.reference)

    @admin.display(description=_("last error"))
    def error(self, payment: Payment) -> str:
        return Truncator(payment.last_error).chars(60)


def _events(events: Iterable[GatewayEvent]) -> Table:
    return Table(
        _("gateway events"),
        (_("received at"), _("type"), _("event"), _("processed at")),
        [
            (
                utc(event.received_at),
                event.type,
                link("payments_gatewayevent", event.pk, event.event_id),
                utc(event.processed_at),
            )
            for event in events
        ],
    )


def _refunds(refunds: Iterable[Refund]) -> Table:
    return Table(
        _("refunds"),
        (_("requested at"), _("refund"), _("status"), _("amount"), _("reason")),
        [
            (
                utc(refund.created_at),
                link("payments_refund", refund.pk, refund.pk),
                refund.get_status_display(),
                refund.money,
                prose(refund.get_reason_display()),
            )
            for refund in refunds
        ],
    )
