from collections.abc import Iterable
from datetime import UTC
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from core.admin.dialog import ask, go_to
from core.admin.display import money_column, person, status_column, time_column
from core.admin.history import history
from core.admin.read_only import ReadOnly
from core.admin.sections import Facts, Section, WithSections
from core.money import Money
from finance import postings
from finance.actions.calculate import calculate
from finance.actions.draft import draft
from finance.admin.settlement_files import StatementFiles
from finance.admin.settlement_lines import lines_of
from finance.admin.settlement_steps import Approve, GiveBack, Pay, Void
from finance.models import Settlement, SettlementStatus
from finance.months import month_before
from finance.settlement_sum import adding_up
from ledger.admin.entries import ledger_entries, with_lines
from ledger.models import JournalEntry

STATUS = status_column(
    _("status"), {"draft": "info", "approved": "warning", "paid": "success", "returned": "danger", "void": ""}
)
TOTAL, RESERVE = money_column("total_amount", _("total")), money_column("reserve_amount", _("reserve held back"))
MADE = time_column("created_at", _("made at"))
APPROVED, PAID = time_column("approved_at", _("approved at")), time_column("paid_at", _("paid at"))
# What can be done with one in each state.
_STEPS: dict[str, set[str]] = {
    SettlementStatus.DRAFT: {"approve", "void", "draft_anew"},
    SettlementStatus.APPROVED: {"pay", "void"},
    SettlementStatus.PAID: {"give_back"},
}


class ToDoFilter(admin.SimpleListFilter):
    """By what is to be done with it."""

    title = _("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("approve", _("to be approved")), ("pay", _("to be paid"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Settlement]) -> QuerySet[Settlement]:
        if self.value() == "approve":
            return queryset.filter(status=SettlementStatus.DRAFT)
        return queryset.filter(Settlement.TO_PAY) if self.value() == "pay" else queryset


@admin.register(Settlement)
class SettlementAdmin(StatementFiles, WithSections, ReadOnly, ModelAdmin):
    """What operators are paid, the newest month first, each with all that it is the sum of."""

    list_display = ("month_named", "operator", STATUS, "due", TOTAL, RESERVE, PAID)
    list_filter = (ToDoFilter, "status", "currency", "operator", "month")
    list_select_related = ("operator",)
    search_fields = ("operator__name", "operator__code__iexact", "transfer__iexact")
    search_help_text = _("Operator, or bank transfer")
    ordering = ("-month", "operator__name")
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("operator", STATUS), ("month_named", "due"), (MADE,), ("approver", APPROVED), ("payer", PAID), "transfer",
    )  # fmt: skip
    actions_list: ClassVar = ["draft_month"]
    actions_detail: ClassVar = [
        "approve", "pay", "give_back", "draft_anew", "void",
        {"title": _("Statement"), "icon": "download", "items": StatementFiles.FORMS},
    ]  # fmt: skip

    def sections(self, request: HttpRequest, obj: Settlement) -> Iterable[Section]:
        yield sum_of(obj)
        yield lines_of(obj)
        if request.user.has_perm("ledger.view_journalentry"):
            names = [postings.reference(obj, what) for what in postings.ENTRIES]
            yield ledger_entries(with_lines(JournalEntry.objects.filter(reference__in=names)))
        if request.user.has_perm("core.view_statuschange"):
            yield history({obj: _("settlement")})

    @admin.display(description=_("month"), ordering="month")
    def month_named(self, settlement: Settlement) -> str:
        return f"{settlement.month:%Y-%m}"

    @admin.display(description=_("due"))
    def due(self, settlement: Settlement) -> Money:
        return settlement.due

    @admin.display(description=_("approved by"))
    def approver(self, settlement: Settlement) -> str:
        return person(settlement.approved_by)

    @admin.display(description=_("paid by"))
    def payer(self, settlement: Settlement) -> str:
        return person(settlement.paid_by)

    # ---------------------------------------------------------------------------------------------------- actions
    @action(
        description=_("Make drafts of last month"), icon="receipt_long", permissions=["approve"],
        dialog=ask(
            _("Make drafts of last month"),
            _("As the job does on the first of each month, for every operator. What is decided stays as it is."),
        ),
    )  # fmt: skip
    def draft_month(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        """What was posted since is in them, too."""
        month = month_before(timezone.now().astimezone(UTC).date())
        counts = calculate(month)
        told = gettext("%(month)s: drafts %(drafts)s, reserves released %(released)s.") % {
            "month": f"{month:%Y-%m}", **counts,
        }  # fmt: skip
        if counts["unsettled"]:
            self.message_user(request, gettext("Not every operator could be settled."), messages.ERROR)
        self.message_user(request, told, messages.SUCCESS)
        return go_to(reverse("admin:finance_settlement_changelist"))

    @action(
        description=_("Make it anew"), icon="replay", permissions=["approve"],
        dialog=ask(_("Make it anew"), _("It takes what was posted since, up to the end of its month.")),
    )  # fmt: skip
    def draft_anew(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Only a draft."""
        settlement = self.get_object(request, object_id)
        if settlement is not None and draft(settlement.operator_id, settlement.month) is None:
            self.message_user(request, gettext("There is nothing to settle any more."), messages.INFO)
            return go_to(reverse("admin:finance_settlement_changelist"))
        return go_to(reverse("admin:finance_settlement_change", args=[object_id]))

    @action(description=Approve.title, icon="check", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Owe it."""
        return Approve.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=Pay.title, icon="account_balance", permissions=["pay"])
    def pay(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """It left the bank."""
        return Pay.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=GiveBack.title, icon="undo", permissions=["approve"])
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """It came back."""
        return GiveBack.as_view(model_admin=self)(request, object_id=object_id)

    @action(description=Void.title, icon="block", permissions=["approve"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """It was an error."""
        return Void.as_view(model_admin=self)(request, object_id=object_id)

    def has_approve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the actions above."""
        return bool(request.user.has_perm("finance.approve_settlement"))

    def has_pay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the actions above."""
        return bool(request.user.has_perm("finance.pay_settlement"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only what can be done now."""
        settlement = self.get_object(request, object_id)
        possible = {*StatementFiles.FORMS, *(_STEPS.get(settlement.status, ()) if settlement is not None else ())}
        if settlement is not None and not settlement.due:
            possible.discard("pay")
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return [one for one in actions if one.action_name.removeprefix("finance_settlement_") in possible]


def sum_of(settlement: Settlement) -> Facts:
    """How it adds up."""
    return Facts(_("how it adds up"), [(name, money) for name, money, _is_sum in adding_up(settlement)])
