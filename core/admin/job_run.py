from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from core import jobs
from core.admin.display import Text, badge, pretty_json, time_column, utc
from core.admin.filters import among
from core.admin.read_only import ReadOnly
from core.admin.sections import Table
from core.models import JobRun

STARTED, ENDED = time_column("started_at", _("started at")), time_column("ended_at", _("ended at"))


class OutcomeFilter(admin.SimpleListFilter):
    """By what came of it."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Text]]:
        return [("done", _("done")), ("failed", _("failed")), ("unfinished", _("unfinished"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        match self.value():
            case "done":
                return queryset.filter(ended_at__isnull=False, error="")
            case "failed":
                return queryset.exclude(error="")
            case "unfinished":
                return queryset.filter(ended_at__isnull=True)
        return queryset


@admin.register(JobRun)
class JobRunAdmin(ReadOnly, ModelAdmin):
    """Runs of the background jobs, newest first."""

    list_display = (STARTED, "job", "outcome", "duration", "counts")
    list_filter = (among("job", _("job"), lambda: [(job.name, job.name) for job in jobs.registered()]), OutcomeFilter)
    search_fields = ("correlation_id__exact",)
    search_help_text = _("Correlation id")
    ordering = ("-pk",)
    list_per_page = 50
    list_before_template = "admin/jobs.html"
    show_full_result_count = False
    fields = (("job", "outcome"), (STARTED, ENDED), "duration", "whole_result", "error", "correlation_id")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Above the list, each job with its last run and its next."""
        context = {**(extra_context or {}), "section": _every_job()}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    @admin.display(description=_("outcome"))
    def outcome(self, run: JobRun) -> SafeString:
        """A run without an end either is under way or was killed."""
        return _outcome(run)

    @admin.display(description=_("duration"))
    def duration(self, run: JobRun) -> str | None:
        return f"{(run.ended_at - run.started_at).total_seconds():.3f} s" if run.ended_at else None

    @admin.display(description=_("result"))
    def counts(self, run: JobRun) -> str:
        """What it counted, or why it failed."""
        return _counts(run)

    @admin.display(description=_("result"))
    def whole_result(self, run: JobRun) -> SafeString | None:
        return pretty_json(run.result) if run.result else None


def _every_job() -> Table:
    lines, runs = [], jobs.last_runs()
    for job in jobs.registered():
        run = runs.get(job.name)
        last = (utc(run.started_at), _outcome(run), _counts(run)) if run else (None, None, None)
        lines.append((job.name, *last, utc(job.next_at)))
    return Table(_("jobs"), (_("job"), _("last run"), _("outcome"), _("result"), _("next run")), lines)


def _outcome(run: JobRun) -> SafeString:
    if run.ended_at is None:
        return badge(_("unfinished"), "warning")
    return badge(_("failed"), "danger") if run.error else badge(_("done"), "success")


def _counts(run: JobRun) -> str:
    if run.error:
        return run.error[:120]
    return ", ".join(f"{name}: {count}" for name, count in (run.result or {}).items() if isinstance(count, int))
