from django.db import models
from django.utils.translation import gettext_lazy as _


class StatusChange(models.Model):
    """One step of one row from a status to the next: who, why, and in the course of what. Append-only."""

    subject_type = models.CharField(_("of"), max_length=60)
    subject_id = models.CharField(_("id"), max_length=40)
    from_status = models.CharField(_("from"), max_length=30)
    to_status = models.CharField(_("to"), max_length=30)
    actor = models.CharField(_("actor"), max_length=80)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="statuschange_subject")]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}: {self.from_status} → {self.to_status}"
