from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """What was answered to the first request with a key, so that a repeat gets the same answer (core.idempotency)."""

    class Status(models.TextChoices):
        STARTED = "started", _("started")
        COMPLETED = "completed", _("completed")
        FAILED = "failed", _("failed with an error")

    scope = models.CharField(max_length=40)
    owner = models.CharField(max_length=80, null=True)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status)
    subject = models.CharField(max_length=60, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_body = models.JSONField(null=True)
    fencing = models.PositiveIntegerField(default=1)
    locked_until = models.DateTimeField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "owner", "key"], name="idempotencyrecord_one_per_key", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
