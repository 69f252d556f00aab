from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from core.admin.read_only import ReadOnly
from core.errors import InvalidState, NotFound
from core.money import Money
from ledger.actions.adjust import check_reversible
from ledger.admin.by_hand import Reverse
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
    actions_detail: ClassVar = ["reverse"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        entries: QuerySet[JournalEntry] = super().get_queryset(request)
        return entries.annotate(debits=Subquery(_DEBITS.annotate(total=Sum("amount")).values("total")))

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
