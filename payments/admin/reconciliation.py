from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from core.admin.dialog import ask, go_to
from core.admin.display import badge, link, pretty_json, prose, time_column
from core.admin.read_only import ReadOnly
from core.admin.sections import Section, Table, WithSections
from payments.actions.reconcile import Options, reconcile
from payments.admin.finding import outcome_of
from payments.models import ReconciliationRun

STARTED, COMPLETED = time_column("started_at", _("started at")), time_column("completed_at", _("completed at"))
_SHOWN = 200  # findings on the page of a run; the list has all of them


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(WithSections, ReadOnly, ModelAdmin):
    """Comparisons with the gateways, newest first; and one more, now."""

    list_display = (STARTED, "kind", "scanned", "mismatches", "fixed", "failed", "skipped", "duration")
    list_filter = ("dry_run",)
    search_fields = ("correlation_id__exact",)
    search_help_text = _("Correlation id")
    ordering = ("-started_at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("kind", "duration"), (STARTED, COMPLETED), ("scanned", "skipped"), ("mismatches", "fixed", "failed"),
        "asked_for", "correlation_id",
    )  # fmt: skip
    actions_list: ClassVar = ["compare", "mend"]

    def sections(self, request: HttpRequest, obj: ReconciliationRun) -> Iterable[Section]:
        yield _findings(obj)

    @admin.display(description=_("kind"), ordering="dry_run")
    def kind(self, run: ReconciliationRun) -> SafeString:
        """A run without an end either is under way or died."""
        if run.completed_at is None:
            return badge(_("unfinished"), "warning")
        return badge(_("dry run")) if run.dry_run else badge(_("mended"), "info")

    @admin.display(description=_("duration"))
    def duration(self, run: ReconciliationRun) -> str | None:
        return f"{(run.completed_at - run.started_at).total_seconds():.1f} s" if run.completed_at else None

    @admin.display(description=_("options"))
    def asked_for(self, run: ReconciliationRun) -> SafeString:
        return pretty_json(run.options)

    # ---------------------------------------------------------------------------------------------------- actions
    @action(
        description=_("Compare now (dry run)"), icon="search", permissions=["reconcile"],
        dialog=ask(
            _("Compare now (dry run)"), _("Asks the gateways about payments of the last days, and changes nothing.")
        ),
    )  # fmt: skip
    def compare(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        """Find out what a run would mend."""
        return self._run(request, Options(dry_run=True))

    @action(
        description=_("Compare and mend"), icon="build", permissions=["reconcile"],
        dialog=ask(
            _("Compare and mend"),
            _("Asks the gateways about payments of the last days, and mends what differs; as the job does by itself."),
        ),
    )  # fmt: skip
    def mend(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        """Do now what the job does four times a day."""
        return self._run(request, Options())

    def has_reconcile_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the actions above."""
        return bool(request.user.has_perm("payments.reconcile"))

    def _run(self, request: HttpRequest, options: Options) -> HttpResponse:
        report = reconcile(options)
        run = ReconciliationRun.objects.filter(correlation_id=report["correlation_id"]).latest("pk")
        self.log_change(request, run, "Compared by hand.")
        told = gettext("Compared: %(scanned)d. Differences: %(mismatches)d. Mended: %(fixed)d.") % report
        self.message_user(
            request, told, messages.WARNING if report["mismatches"] > report["fixed"] else messages.SUCCESS
        )
        return go_to(reverse("admin:payments_reconciliationrun_change", args=[run.pk]))


def _findings(run: ReconciliationRun) -> Table:
    found = run.findings.select_related("payment__booking").order_by("pk")
    rows: list[tuple[object, ...]] = [
        (
            link("payments_finding", one.pk, one.get_finding_display()),
            link("payments_payment", one.payment.pk, one.payment.booking.reference) if one.payment else one.subject,
            one.gateway_id,
            prose(one.action),
            outcome_of(one),
        )
        for one in found[:_SHOWN]
    ]
    if len(rows) == _SHOWN:
        rows.append((_all_of(run, found), "", "", "", ""))
    return Table(_("findings"), (_("finding"), _("about"), _("id at the gateway"), _("action"), _("outcome")), rows)


def _all_of(run: ReconciliationRun, found: QuerySet[Any]) -> SafeString:
    address = reverse("admin:payments_finding_changelist")
    return format_html(
        '<a class="text-link" href="{}?run__id__exact={}">{}</a>',
        address, run.pk, gettext("All %(count)d findings") % {"count": found.count()},
    )  # fmt: skip
