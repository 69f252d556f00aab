"""The reports in the staff site: one page for all of them, and one for their files."""

from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import View

from core.errors import Problem
from finance.admin.drawn import period, tables
from finance.admin.files import FORMS, named
from finance.admin.question import Question
from finance.reports import spreadsheet
from finance.reports.registry import REPORTS, Definition
from finance.reports.report import Report

ROWS = 100  # a page of a report that is shown in pages


class _OfReport(PermissionRequiredMixin, View, ABC):
    permission_required = "finance.view_reports"
    raise_exception = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask the report what was typed; without what it needs, or told nonsense, only show the form."""
        try:
            self.definition = REPORTS[self.kwargs["name"]]
        except KeyError as error:
            raise Http404 from error
        question = Question(self.definition, request.GET)
        if not question.is_asked:
            return self.page(Question(self.definition, None))
        if not question.is_valid():
            return self.page(question, status=400)
        try:
            return self.answer(question)
        except Problem as error:
            question.add_error(None, error.detail)
            return self.page(question, status=400)

    @abstractmethod
    def answer(self, question: Question) -> HttpResponseBase:
        """What comes of a question that can be asked."""

    def page(self, question: Question, report: Report | None = None, status: int = 200, **more: Any) -> HttpResponse:
        """The page with the form, and the report if there is one."""
        asked = urlencode({name: self.request.GET.get(name, "") for name in self.definition.asks})
        context = {
            **admin.site.each_context(self.request),
            "title": self.definition.title,
            "definition": self.definition,
            "form": question,
            "report": report,
            "period": period(report) if report else {},
            "tables": tables(report) if report else [],
            "asked": asked,
            **more,
        }
        return render(self.request, "admin/finance/report.html", context, status=status)


class ReportPage(_OfReport):
    """A report on a page."""

    def answer(self, question: Question) -> HttpResponse:
        """The page; of a long report, that which was asked for."""
        asked = dict(question.cleaned_data)
        if self.definition.is_paged:
            after = self.request.GET.get("after", "")
            asked |= {"after": int(after) if after.isdecimal() and len(after) < 19 else 0, "limit": ROWS}
        report = self.definition.make(**asked)
        return self.page(question, report, is_first=not asked.get("after"))


class ReportFile(_OfReport):
    """A report as a file."""

    def answer(self, question: Question) -> HttpResponseBase:
        """The file; a page with the reason if it would be too large."""
        form = self.kwargs["form"]
        if form not in FORMS:
            raise Http404
        report = self.definition.make(**question.cleaned_data)
        try:
            response = FORMS[form](report)
        except spreadsheet.TooManyRows:
            said = _("That is more than %(count)d rows: too many for XLSX. Take CSV, or fewer days.")
            question.add_error(None, said % {"count": spreadsheet.MOST_ROWS})
            return self.page(question, status=400)
        return named(response, f"{_name(self.definition, report)}.{form}")


def _name(definition: Definition, report: Report) -> str:
    """Plain letters and digits: of the report and its days."""
    told = (report.period.get(key) for key in ("account", "from", "to", "at"))
    return "-".join([definition.name, *(part.replace(":", "_") for part in told if part)])
