"""Reports as files to download."""

from collections.abc import Callable

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from finance.reports import spreadsheet
from finance.reports.report import Report

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _csv(report: Report) -> HttpResponseBase:
    return StreamingHttpResponse(spreadsheet.csv(report), content_type="text/csv; charset=utf-8")


def _xlsx(report: Report) -> HttpResponseBase:
    return FileResponse(spreadsheet.xlsx(report), content_type=_XLSX)


# Each raises what its writer raises: spreadsheet.TooManyRows.
FORMS: dict[str, Callable[[Report], HttpResponseBase]] = {"csv": _csv, "xlsx": _xlsx}


def named(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """The file under a name of plain letters and digits."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
