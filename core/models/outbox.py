from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """Something to be done outside the database, written in the transaction that decided it (core.outbox)."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")

    kind = models.CharField(_("kind"), max_length=60)
    subject = models.CharField(_("subject"), max_length=80)
    payload = models.JSONField(_("payload"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # Until then nobody else takes the message: the back-off of a failed try, or the lease of a try that is under way.
    due_at = models.DateTimeField(_("due at"))
    last_error = models.TextField(_("last error"), blank=True)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="outboxmessage_one_per_subject")]
        indexes = [
            models.Index(fields=["due_at"], name="outboxmessage_due", condition=models.Q(status="pending")),
            models.Index(fields=["id"], name="outboxmessage_given_up", condition=models.Q(status="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
