"""The addresses of the reports, below those of the staff site and open to the same people."""

from django.contrib import admin
from django.urls import path

from finance.admin.reports import ReportFile, ReportPage

urlpatterns = [
    path("<slug:name>/", admin.site.admin_view(ReportPage.as_view()), name="report"),
    path("<slug:name>/report.<slug:form>", admin.site.admin_view(ReportFile.as_view()), name="report-file"),
]
