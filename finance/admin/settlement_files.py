"""The statement of a settlement as files, for the operator and for programs."""

from typing import ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from finance.admin.files import FORMS, named
from finance.models import Settlement
from finance.pdf import statement
from finance.reports.spreadsheet import TooManyRows
from finance.statement import statement_report


class StatementFiles(ModelAdmin):
    """Mixed into the admin of settlements: whoever may look at one may have its files."""

    FORMS: ClassVar = ["as_pdf", "as_csv", "as_xlsx"]

    @action(description="PDF", permissions=["view_statement"])
    def as_pdf(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """To be sent to the operator, in the language of this page."""
        settlement = self._settlement(request, object_id)
        return named(HttpResponse(statement(settlement), content_type="application/pdf"), f"{_name(settlement)}.pdf")

    @action(description="CSV", permissions=["view_statement"])
    def as_csv(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """For programs."""
        return self._spreadsheet(request, object_id, "csv")

    @action(description="XLSX", permissions=["view_statement"])
    def as_xlsx(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """For people with a spreadsheet program."""
        try:
            return self._spreadsheet(request, object_id, "xlsx")
        except TooManyRows:
            self.message_user(request, gettext("Too many lines for XLSX: take CSV."), messages.ERROR)
            return redirect("admin:finance_settlement_change", object_id)

    def has_view_statement_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the files above."""
        return bool(self.has_view_permission(request))

    def _spreadsheet(self, request: HttpRequest, object_id: str, form: str) -> HttpResponseBase:
        settlement = self._settlement(request, object_id)
        return named(FORMS[form](statement_report(settlement)), f"{_name(settlement)}.{form}")

    def _settlement(self, request: HttpRequest, object_id: str) -> Settlement:
        settlement: Settlement | None = self.get_object(request, object_id)
        if settlement is None:
            raise Http404
        return settlement


def _name(settlement: Settlement) -> str:
    return f"settlement-{settlement.operator.code}-{settlement.month:%Y-%m}-{settlement.currency}"
