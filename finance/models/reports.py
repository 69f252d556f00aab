from django.db import models
from django.utils.translation import gettext_lazy as _


class Reports(models.Model):
    """What the right to see the reports is a right to. It has no table: a report is read from the books each time."""

    class Meta:
        managed = False
        verbose_name = _("reports")
        verbose_name_plural = _("reports")
        default_permissions = ()
        permissions = [("view_reports", "Can view reports")]

    def __str__(self) -> str:
        return "reports"
