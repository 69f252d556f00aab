"""The addresses of the finance home and of the reports, below those of the staff site and open to the same people."""

from django.contrib import admin
from django.urls import path

from finance.admin.home import FinanceHome
from finance.admin.reports import ReportFile, ReportPage

urlpatterns = [
    path("", admin.site.admin_view(FinanceHome.as_view()), name="finance-home"),
    path("reports/<slug:name>/", admin.site.admin_view(ReportPage.as_view()), name="report"),
    path("reports/<slug:name>/report.<slug:form>", admin.site.admin_view(ReportFile.as_view()), name="report-file"),
]
