from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import BerthNow
from payments.models.payment import Payment


class GatewayCall(models.Model):
    """A request that may change something at a gateway, and its answer: who asked what, when, and what came of it.

    Written before the request is sent, so that even one whose answer never came is known. Secrets and what travellers
    typed at the gateway are not kept.
    """

    gateway = models.CharField(_("gateway"), max_length=20)
    operation = models.CharField(_("operation"), max_length=40)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="calls", verbose_name=_("payment"))
    refund_id = models.BigIntegerField(_("refund"), null=True, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, blank=True)
    request = models.JSONField(_("request"), default=dict)
    answer = models.JSONField(_("answer"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True)
    sent_at = models.DateTimeField(_("sent at"), db_default=BerthNow())
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    actor = models.CharField(_("actor"), max_length=80)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("call to a gateway")
        verbose_name_plural = _("calls to gateways")
        indexes = [models.Index(fields=["-sent_at"], name="gatewaycall_newest")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.operation} {self.sent_at:%Y-%m-%d %H:%M:%S}"
