from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from core.admin.display import found_in, link, person, time_column
from core.admin.read_only import ReadOnly
from core.errors import InvalidState, NotFound
from core.money import Money
from ledger.actions.adjust import check_reversible
from ledger.admin.by_hand import Reverse
from ledger.models import JournalEntry, Posting

POSTED, EFFECTIVE = time_column("posted_at", _("posted at")), time_column("effective_at", _("effective at"))
_DEBITS = Posting.objects.filter(entry=OuterRef("pk"), amount__gt=0).order_by().values("entry")


class PostingInline(ReadOnly, TabularInline):
    """The lines of an entry, as an accountant writes them."""

    hide_title = True
    model = Posting
    fields = ("account", "debit", "credit")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        postings: QuerySet[Posting] = super().get_queryset(request)
        return postings.select_related("account").order_by("pk")

    @admin.display(description=_("debit"), empty_value="")
    def debit(self, posting: Posting) -> Money | None:
        """The amount, if the account is debited."""
        return Money(posting.amount, posting.account.currency) if posting.amount > 0 else None

    @admin.display(description=_("credit"), empty_value="")
    def credit(self, posting: Posting) -> Money | None:
        """The amount, if the account is credited."""
        return Money(-posting.amount, posting.account.currency) if posting.amount < 0 else None


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly, ModelAdmin):
    """Entries, newest first, found by any name that a gateway or a traveller knows them by."""

    list_display = (POSTED, "kind", "amount", "of_booking", "gateway", "reference", "actor")
    list_filter = ("kind", "currency", "gateway", "posted_at")
    search_fields = (
        "reference__startswith",
        "booking_reference__exact",
        "payment_intent_id__exact",
        "charge_id__exact",
        "refund_id__exact",
        "event_id__exact",
    )
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False  # counting all entries costs more than a page of them
    fields = (
        ("kind", "amount"), ("reference", "gateway"), ("of_booking", "of_payment"), ("of_charge", "of_refund"),
        (POSTED, EFFECTIVE), ("of_event", "correlation_id"), ("written_by", "memo"),
        ("what_it_reverses", "what_reverses_it"),
    )  # fmt: skip
    inlines = (PostingInline,)
    actions_detail: ClassVar = ["reverse"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        entries: QuerySet[JournalEntry] = super().get_queryset(request)
        return entries.annotate(debits=Subquery(_DEBITS.annotate(total=Sum("amount")).values("total")))

    # What upper layers know of it is looked up there, by the addresses of their lists.
    @admin.display(description=_("booking"), ordering="booking_reference")
    def of_booking(self, entry: JournalEntry) -> SafeString | None:
        return found_in("bookings_booking", entry.booking_reference)

    @admin.display(description=_("payment intent"))
    def of_payment(self, entry: JournalEntry) -> SafeString | None:
        return found_in("payments_payment", entry.payment_intent_id)

    @admin.display(description=_("charge"))
    def of_charge(self, entry: JournalEntry) -> SafeString | None:
        return found_in("payments_payment", entry.charge_id)

    @admin.display(description=_("refund"))
    def of_refund(self, entry: JournalEntry) -> SafeString | None:
        return found_in("payments_refund", entry.refund_id)

    @admin.display(description=_("gateway event"))
    def of_event(self, entry: JournalEntry) -> SafeString | None:
        return found_in("payments_gatewayevent", entry.event_id)

    @admin.display(description=_("by"))
    def written_by(self, entry: JournalEntry) -> str:
        return person(entry.actor)

    @admin.display(description=_("reverses"))
    def what_it_reverses(self, entry: JournalEntry) -> SafeString | None:
        return link("ledger_journalentry", entry.reverses_id, entry.reverses) if entry.reverses_id else None

    @admin.display(description=_("is reversed by"))
    def what_reverses_it(self, entry: JournalEntry) -> SafeString | None:
        reversal = entry.reversed_by.first()
        return link("ledger_journalentry", reversal.pk, reversal) if reversal else None

    @action(description=Reverse.title, icon="undo", permissions=["reverse"])
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Take back what was written by hand."""
        return Reverse.as_view(model_admin=self)(request, object_id=object_id)

    def has_reverse_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the action above."""
        return bool(request.user.has_perm("ledger.reverse_entry"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only where it can be done."""
        try:
            check_reversible(int(object_id))
        except (ValueError, NotFound, InvalidState):
            return []
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return actions

    @admin.display(description=_("amount"))
    def amount(self, entry: Any) -> Money:
        """What the entry debits, and credits, altogether."""
        return Money(entry.debits, entry.currency)
