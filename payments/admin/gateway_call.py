from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import Text, badge, link, person, pretty_json, time_column
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from payments.admin.gateway import GATEWAY
from payments.gateways.calls import Operation
from payments.models import GatewayCall

SENT, ANSWERED = time_column("sent_at", _("sent at")), time_column("answered_at", _("answered at"))
AUDITED = (Operation.START, Operation.END, Operation.REFUND)
_OUTCOMES: dict[str, tuple[Text, str]] = {
    "": (_("no answer noted"), "warning"),
    "answered": (_("done"), "success"),
    "GatewayUnavailable": (_("not reached"), "warning"),
    "GatewayError": (_("refused"), "danger"),
    "OutcomeUnknown": (_("unclear"), "danger"),
}


def outcome_of(call: GatewayCall) -> tuple[Text, str]:
    """What came of a call, in a word and its colour."""
    return _OUTCOMES.get(call.outcome, (call.outcome, "danger"))


@admin.register(GatewayCall)
class GatewayCallAdmin(ReadOnly, ModelAdmin):
    """What we asked the gateways to do, newest first, and what they answered; without secrets."""

    list_display = (SENT, "gateway", "operation", "outcome_in_words", "duration", "for_booking", "actor")
    list_filter = (
        among("operation", _("operation"), lambda: [(one.value, one.value) for one in AUDITED]),
        among("outcome", _("outcome"), lambda: [(told, words) for told, (words, _colour) in _OUTCOMES.items() if told]),
        GATEWAY,
    )
    list_select_related = ("payment__booking",)
    search_fields = ("idempotency_key__exact", "correlation_id__exact", "payment__booking__reference__iexact")
    search_help_text = _("Booking, idempotency key or correlation id")
    ordering = ("-sent_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("gateway", "operation"), ("of_payment", "of_refund"), (SENT, ANSWERED), ("outcome_in_words", "duration"),
        ("by", "correlation_id"), "idempotency_key", "asked", "answered",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[GatewayCall]:
        """Without what was asked and answered, which only the page of one call shows."""
        calls: QuerySet[GatewayCall] = super().get_queryset(request)
        return calls.defer("request", "answer")

    @admin.display(description=_("by"))
    def by(self, call: GatewayCall) -> str:
        return person(call.actor)

    @admin.display(description=_("outcome"))
    def outcome_in_words(self, call: GatewayCall) -> SafeString:
        return badge(*outcome_of(call))

    @admin.display(description=_("duration"))
    def duration(self, call: GatewayCall) -> str | None:
        return f"{(call.answered_at - call.sent_at).total_seconds():.3f} s" if call.answered_at else None

    @admin.display(description=_("booking"))
    def for_booking(self, call: GatewayCall) -> SafeString:
        booking = call.payment.booking
        return link("bookings_booking", booking.pk, booking.reference)

    @admin.display(description=_("payment"))
    def of_payment(self, call: GatewayCall) -> SafeString:
        return link("payments_payment", call.payment_id, call.payment_id)

    @admin.display(description=_("refund"))
    def of_refund(self, call: GatewayCall) -> SafeString | None:
        return link("payments_refund", call.refund_id, call.refund_id) if call.refund_id else None

    @admin.display(description=_("request"))
    def asked(self, call: GatewayCall) -> SafeString:
        return pretty_json(call.request)

    @admin.display(description=_("answer"))
    def answered(self, call: GatewayCall) -> SafeString | None:
        return None if call.answer is None else pretty_json(call.answer)
