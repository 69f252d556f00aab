from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.admin.read_only import ReadOnly
from core.money import Money
from ledger.models import JournalEntry, Posting

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

    list_display = ("posted_at", "kind", "amount", "booking_reference", "gateway", "reference", "actor")
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
    inlines = (PostingInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        entries: QuerySet[JournalEntry] = super().get_queryset(request)
        return entries.annotate(debits=Subquery(_DEBITS.annotate(total=Sum("amount")).values("total")))

    @admin.display(description=_("amount"))
    def amount(self, entry: Any) -> Money:
        """What the entry debits, and credits, altogether."""
        return Money(entry.debits, entry.currency)
