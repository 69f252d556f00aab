from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from core.admin.display import Text, badge, link, money_column, time_column
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, WithSections
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry
from payments.actions.explain import explain_line
from payments.admin.explaining import Explaining, NoteForm
from payments.admin.gateway import GATEWAY
from payments.models import BalanceTransaction, LineOutcome

AMOUNT, FEE = money_column("amount", _("amount")), money_column("fee", _("fee"))
MADE = time_column("made_at", _("made at"))
TO_EXPLAIN = Q(outcome=LineOutcome.SUSPENSE, explanation="")


def outcome_of(line: BalanceTransaction) -> SafeString:
    """Whether the books know what it is, in its colour."""
    if line.outcome == LineOutcome.MATCHED:
        return badge(line.get_outcome_display(), "success")
    return badge(_("explained"), "info") if line.explanation else badge(line.get_outcome_display(), "warning")


class OutcomeFilter(admin.SimpleListFilter):
    """By whether somebody has to find out what it is."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [
            ("suspense", _("to be explained")),
            ("explained", _("explained")),
            ("matched", _("in the ledger")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BalanceTransaction]) -> QuerySet[BalanceTransaction]:
        match self.value():
            case "suspense":
                return queryset.filter(TO_EXPLAIN)
            case "explained":
                return queryset.filter(outcome=LineOutcome.SUSPENSE).exclude(explanation="")
            case "matched":
                return queryset.filter(outcome=LineOutcome.MATCHED)
        return queryset


@admin.register(BalanceTransaction)
class BalanceTransactionAdmin(WithSections, ReadOnly, Explaining):
    """Every line of the gateways' balances, newest first; what we know no reason for, somebody explains."""

    list_display = (MADE, "type", "transaction_id", AMOUNT, FEE, "source_id", "outcome_in_words", "explanation")
    list_filter = (OutcomeFilter, GATEWAY, "currency")
    search_fields = ("transaction_id__exact", "source_id__exact")
    search_help_text = _("Id of the line (txn_…), or of what it is about (ch_…, re_…, po_…)")
    ordering = ("-made_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("transaction_id", "gateway"), ("type", "source_id"), (AMOUNT, FEE, "net"), (MADE, "outcome_in_words"),
        ("of_payment", "of_payout"), "explanation",
    )  # fmt: skip
    actions_detail: ClassVar = ["explain"]

    def sections(self, request: HttpRequest, obj: BalanceTransaction) -> Iterable[Section]:
        if request.user.has_perm("ledger.view_journalentry"):
            ends = ["line", "fee", "dispute", f"conversion:{obj.currency}"]
            if obj.payment:
                ends.append(f"conversion:{obj.payment.currency}")
            names = [f"{obj.gateway}:{obj.transaction_id}:{end}" for end in ends]
            yield ledger_entries(with_lines(JournalEntry.objects.filter(reference__in=names)))

    @admin.display(description=_("net"))
    def net(self, line: BalanceTransaction) -> str:
        return str(line.net)

    @admin.display(description=_("outcome"))
    def outcome_in_words(self, line: BalanceTransaction) -> SafeString:
        return outcome_of(line)

    @admin.display(description=_("payment"))
    def of_payment(self, line: BalanceTransaction) -> SafeString | None:
        return link("payments_payment", line.payment_id, line.payment_id) if line.payment_id else None

    @admin.display(description=_("payout"))
    def of_payout(self, line: BalanceTransaction) -> SafeString | None:
        return link("payments_payout", line.payout_id, line.payout) if line.payout_id else None

    # ---------------------------------------------------------------------------------------------------- actions
    @action(
        description=_("Explain"), icon="task_alt", permissions=["reconcile"],
        dialog={
            "title": _("Explain"),
            "description": _("What this line is. It stays in suspense in the books; its payout may match now."),
            "form_class": NoteForm,
            "form_submit_text": _("It is explained"),
        },
    )  # fmt: skip
    def explain(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        """Somebody knows what it is."""
        return self.keep_explanation(request, form, object_id, explain_line)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only where there is something to explain."""
        in_suspense = BalanceTransaction.objects.filter(outcome=LineOutcome.SUSPENSE)
        if not object_id.isdecimal() or not in_suspense.filter(pk=object_id).exists():
            return []
        return list(super().get_actions_detail(request, object_id))
