from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment

MAX_RETRIES = 5


class GatewayEvent(models.Model):
    """A message of a gateway, stored as it came before anything is done with it, and kept."""

    gateway = models.CharField(_("gateway"), max_length=20)
    event_id = models.CharField(_("event"), max_length=255)
    type = models.CharField(_("type"), max_length=80)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    body = models.TextField(_("body"))
    received_at = models.DateTimeField(_("received at"))
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    retry_count = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    next_attempt_at = models.DateTimeField(_("next try at"))
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True)
    # Known once the event is processed; events that are no business of ours have none.
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="events", null=True, blank=True, verbose_name=_("payment")
    )

    class Meta:
        verbose_name = _("gateway event")
        verbose_name_plural = _("gateway events")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_id"], name="gatewayevent_one_per_id"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="gatewayevent_unprocessed", condition=Q(processed_at__isnull=True)
            ),
            models.Index(fields=["-received_at"], name="gatewayevent_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    def mark_processed(self, at: datetime, payment: Payment | None = None) -> None:
        """Its effects, on this payment if it is about one, are in this transaction."""
        self.processed_at = at
        self.last_error = ""
        self.payment = payment
        self.save(update_fields=["processed_at", "last_error", "payment"])
