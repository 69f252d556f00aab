from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core.admin.display import Text, badge, link, money_column, status_column, time_column, utc
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Facts, Section, Table, WithSections
from core.money import Money
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry
from payments.admin.balance_line import outcome_of
from payments.admin.gateway import GATEWAY
from payments.models import BalanceTransaction, Payout

STATUS = status_column(
    _("status"),
    {"pending": "info", "in_transit": "info", "paid": "success", "failed": "danger", "canceled": ""},
)
AMOUNT = money_column("amount", _("amount"))
MADE, ARRIVES, MATCHED = (
    time_column("made_at", _("made at")),
    time_column("arrives_at", _("arrives at")),
    time_column("matched_at", _("matched at")),
)
_SHOWN = 500  # lines on the page of a payout


class MatchedFilter(admin.SimpleListFilter):
    """By whether its lines are all in the ledger, explained, and come to its amount."""

    title = _("lines")
    parameter_name = "lines"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [("matched", _("matched")), ("leftover", _("not matched yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payout]) -> QuerySet[Payout]:
        if self.value():
            return queryset.filter(matched_at__isnull=self.value() == "leftover")
        return queryset


@admin.register(Payout)
class PayoutAdmin(WithSections, ReadOnly, ModelAdmin):
    """What the gateways sent to our bank, newest first, and the lines that each is the sum of."""

    list_display = (MADE, "payout_id", STATUS, AMOUNT, ARRIVES, "matches")
    list_filter = (MatchedFilter, "status", GATEWAY, "currency")
    search_fields = ("payout_id__exact",)
    search_help_text = _("Id of the payout (po_…)")
    ordering = ("-made_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (("payout_id", "gateway"), (STATUS, AMOUNT), (MADE, ARRIVES), ("matches", MATCHED))

    @admin.display(description=_("lines"))
    def matches(self, payout: Payout) -> SafeString:
        return badge(_("matched"), "success") if payout.matched_at else badge(_("not matched yet"), "warning")

    def sections(self, request: HttpRequest, obj: Payout) -> Iterable[Section]:
        yield _sum(obj)
        yield _lines(obj)
        if request.user.has_perm("ledger.view_journalentry"):
            names = [f"{obj.gateway}:{obj.payout_id}:{what}" for what in ("paid", "returned")]
            yield ledger_entries(with_lines(JournalEntry.objects.filter(reference__in=names)))
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("payout")})


def _sum(payout: Payout) -> Facts:
    lines = payout.lines.filter(currency=payout.currency)
    total = Money(lines.aggregate(net=Sum(F("amount") - F("fee")))["net"] or 0, payout.currency)
    facts = [(_("amount"), payout.money), (_("sum of its lines"), total)]
    if missing := payout.money - total:
        facts.append((_("missing"), missing))
    return Facts(_("sum"), facts)


def _lines(payout: Payout) -> Table:
    # What is to be explained stands on top: 'matched' comes before 'suspense'.
    lines: QuerySet[BalanceTransaction] = payout.lines.order_by("-outcome", "made_at", "pk")
    return Table(
        _("lines of the balance"),
        (_("made at"), _("type"), _("line"), _("amount"), _("fee"), _("net"), _("outcome"), _("payment")),
        [
            (
                utc(line.made_at),
                line.type,
                link("payments_balancetransaction", line.pk, line.transaction_id),
                Money(line.amount, line.currency),
                Money(line.fee, line.currency),
                line.net,
                outcome_of(line),
                link("payments_payment", line.payment_id, line.payment_id) if line.payment_id else None,
            )
            for line in lines[:_SHOWN]
        ],
    )
