from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import Text, badge, link, money_column, status_column, time_column, utc
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry
from payments.attention import SOON, TO_ANSWER, to_answer_soon
from payments.models import Dispute

STATUS = status_column(
    _("status"),
    {
        "warning_needs_response": "warning", "needs_response": "warning", "warning_under_review": "info",
        "under_review": "info", "won": "success", "lost": "danger", "prevented": "success",
    },
)  # fmt: skip
AMOUNT, WITHHELD = money_column("amount", _("amount")), money_column("held_amount", _("withheld"))
OPENED = time_column("opened_at", _("opened at"))


class StateFilter(admin.SimpleListFilter):
    """By what is to be done."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [
            ("open", _("not decided")),
            ("soon", _("to answer within three days")),
            ("decided", _("decided")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        match self.value():
            case "open":
                return queryset.filter(status__in=Dispute.OPEN)
            case "soon":
                return queryset.filter(to_answer_soon())
            case "decided":
                return queryset.exclude(status__in=Dispute.OPEN)
        return queryset


@admin.register(Dispute)
class DisputeAdmin(WithSections, ReadOnly, ModelAdmin):
    """What payers want back through their banks: first what is to be answered, the most pressing on top."""

    list_display = ("deadline", "for_booking", STATUS, AMOUNT, WITHHELD, "reason")
    list_filter = (StateFilter, "status", "currency", "opened_at")
    list_select_related = ("payment__booking",)
    search_fields = ("dispute_id__exact", "payment__booking__reference__iexact", "payment__charge_id__exact")
    search_help_text = _("Booking, or an id of the payment service (dp_…, du_…, ch_…)")
    ordering = (
        Case(When(status__in=TO_ANSWER, then=Value(0)), When(status__in=Dispute.OPEN, then=Value(1)), default=Value(2)),
        F("respond_by").asc(nulls_last=True),
        "-pk",
    )
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("for_booking", "of_payment"), (STATUS, "deadline"), (AMOUNT, WITHHELD), ("reason", OPENED), "evidence",
    )  # fmt: skip

    def sections(self, request: HttpRequest, obj: Dispute) -> Iterable[Section]:
        if request.user.has_perm("ledger.view_journalentry"):
            yield ledger_entries(with_lines(_entries_of(obj)))
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("dispute")})

    @admin.display(description=_("answer by"))
    def deadline(self, dispute: Dispute) -> SafeString | None:
        return deadline_of(dispute)

    @admin.display(description=_("booking"))
    def for_booking(self, dispute: Dispute) -> SafeString:
        booking = dispute.payment.booking
        return link("bookings_booking", booking.pk, booking.reference)

    @admin.display(description=_("payment"))
    def of_payment(self, dispute: Dispute) -> SafeString:
        return link("payments_payment", dispute.payment_id, dispute.payment_id)

    @admin.display(description=_("evidence"))
    def evidence(self, dispute: Dispute) -> Text:
        """Where it is handed in; the gateway judges it there, and tells us."""
        words = _("Evidence is handed in at the payment service's dashboard.")
        if dispute.gateway != "stripe":
            return words
        mode = "test/" if "_test_" in settings.STRIPE_SECRET_KEY else ""
        return format_html(
            '{} <a class="text-link" href="https://dashboard.stripe.com/{}disputes/{}" rel="noreferrer">{}</a>',
            words, mode, dispute.dispute_id, _("Open the dispute there"),
        )  # fmt: skip


def deadline_of(dispute: Dispute) -> SafeString | None:
    """Until when the gateway wants evidence; with a word where that presses."""
    at, now = dispute.respond_by, timezone.now()
    if at is None or dispute.status not in TO_ANSWER or at >= now + SOON:
        return utc(at)
    word = badge(_("late"), "danger") if at < now else badge(_("soon"), "warning")
    return format_html('<span class="staff-badged">{} {}</span>', utc(at), word)


def _entries_of(dispute: Dispute) -> QuerySet[JournalEntry]:
    """By the booking, which is indexed, and then by the gateway's ids of the dispute and of its movements."""
    named = Q()
    for name in (dispute.dispute_id, *dispute.movements):
        named |= Q(reference__startswith=f"{dispute.gateway}:{name}:")
    return JournalEntry.objects.filter(named, booking_reference=dispute.payment.booking.reference)
