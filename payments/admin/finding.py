from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from core.admin.display import Text, badge, link, prose, time_column, utc
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from core.admin.subject import subject
from core.errors import Problem
from payments.actions.explain import explain_finding
from payments.actions.reconcile import repair
from payments.admin.explaining import Explaining, NoteForm
from payments.models import Finding, FindingKind, Outcome

SETTLED = time_column("settled_at", _("settled at"))
_COLOURS = {
    Outcome.FIXED: "success", Outcome.WOULD_FIX: "info", Outcome.FAILED: "danger", Outcome.REPORTED: "warning",
    Outcome.SKIPPED: "",
}  # fmt: skip


def outcome_of(finding: Finding) -> SafeString:
    """What came of it, in its colour."""
    return badge(finding.get_outcome_display(), _COLOURS[Outcome(finding.outcome)])


class StateFilter(admin.SimpleListFilter):
    """By whether somebody has to see to it."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [
            ("unsettled", _("to be seen to")),
            ("explained", _("explained")),
            ("settled", _("settled by mending, or found anew or gone by a later comparison")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        match self.value():
            case "unsettled":
                return queryset.filter(Finding.UNSETTLED)
            case "explained":
                return queryset.exclude(note="")
            case "settled":
                return queryset.filter(settled_at__isnull=False, note="")
        return queryset


@admin.register(Finding)
class FindingAdmin(ReadOnly, Explaining):
    """What comparisons with the gateways found, newest first; and what staff do about it."""

    list_display = ("found_at", "what", "about", "to_do", "outcome_in_words", SETTLED)
    list_filter = (
        StateFilter,
        among("finding", _("finding"), lambda: FindingKind.choices),
        among("outcome", _("outcome"), lambda: Outcome.choices),
    )
    list_select_related = ("run", "payment__booking")
    search_fields = ("subject__exact", "gateway_id__exact", "payment__booking__reference__iexact")
    search_help_text = _("Booking, subject or an id of the payment service")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("what", "outcome_in_words"), ("about", "gateway_id"), ("to_do", "subject"), ("found_at", "of_run"),
        (SETTLED, "settled_by"), "note",
    )  # fmt: skip
    actions: ClassVar = ["repair_selected"]
    actions_detail: ClassVar = ["repair", "explain"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The page of a run leads to its findings."""
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("found at"), ordering="pk")
    def found_at(self, finding: Finding) -> SafeString | None:
        return utc(finding.run.started_at)

    @admin.display(description=_("finding"))
    def what(self, finding: Finding) -> str:
        return finding.get_finding_display()

    @admin.display(description=_("about"))
    def about(self, finding: Finding) -> SafeString | str:
        """A payment is best known by its booking."""
        if finding.payment:
            return link("payments_payment", finding.payment.pk, finding.payment.booking.reference)
        return finding.subject

    @admin.display(description=_("outcome"))
    def outcome_in_words(self, finding: Finding) -> SafeString:
        return outcome_of(finding)

    @admin.display(description=_("action"))
    def to_do(self, finding: Finding) -> SafeString | None:
        return prose(finding.action)

    @admin.display(description=_("comparison"))
    def of_run(self, finding: Finding) -> SafeString:
        return link("payments_reconciliationrun", finding.run_id, finding.run_id)

    # ---------------------------------------------------------------------------------------------------- actions
    @admin.action(description=_("Compare these payments again and mend"), permissions=["reconcile"])
    def repair_selected(self, request: HttpRequest, queryset: QuerySet[Finding]) -> None:
        """Each payment once, however many findings are selected."""
        of_payment = {one.payment_id: one for one in queryset.filter(Finding.UNSETTLED, payment__isnull=False)}
        for finding in of_payment.values():
            self._repair(request, finding)

    @action(
        description=_("Compare again and mend"), icon="build", permissions=["reconcile"],
        dialog={
            "title": _("Compare again and mend"),
            "description": _("Asks the gateway about this payment now, and mends what can be mended."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Compare again and mend"),
        },
    )  # fmt: skip
    def repair(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Whatever differs by now, not only what was found then."""
        self._repair(request, subject(Finding, object_id))
        return self.reload(object_id)

    @action(
        description=_("Explained"), icon="task_alt", permissions=["reconcile"],
        dialog={
            "title": _("Explained"),
            "description": _("Nothing is changed. It is not told again as long as it stays the same."),
            "form_class": NoteForm,
            "form_submit_text": _("It is explained"),
        },
    )  # fmt: skip
    def explain(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        """Somebody knows why it is so."""
        return self.keep_explanation(request, form, object_id, explain_finding)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only what there is to do about it."""
        finding = Finding.objects.filter(Finding.UNSETTLED, pk=object_id).first() if object_id.isdecimal() else None
        offered = set()
        if finding and finding.payment_id:
            offered.add("payments_finding_repair")
        if finding and finding.can_be_explained:
            offered.add("payments_finding_explain")
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name in offered]

    def _repair(self, request: HttpRequest, finding: Finding) -> None:
        if finding.payment_id is None:
            return
        try:
            report = repair(finding.payment_id)
        except Problem as error:
            self.message_user(request, f"{finding.subject}: {error.detail}", messages.ERROR)
            return
        told = gettext("Differences: %(mismatches)d. Mended: %(fixed)d.") % report
        self.log_change(request, finding, f"Compared again. {told}")
        level = messages.WARNING if report["mismatches"] > report["fixed"] else messages.SUCCESS
        self.message_user(request, f"{finding.subject}: {told}", level)
