from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.payment import Payment


class FindingKind(models.TextChoices):
    """How we and a gateway, or we and our own books, differ."""

    PAID_THERE = "paid_at_gateway", _("paid there and not here")
    PAID_AGAIN = "paid_twice", _("paid there once more")
    UNDER_WAY_THERE = "processing_at_gateway", _("under way there")
    DECLINED_THERE = "declined_at_gateway", _("declined there")
    FAILED_THERE = "failed_at_gateway", _("failed there")
    ENDED_THERE = "ended_at_gateway", _("ended there and open here")
    PAID_HERE = "paid_here_only", _("paid here and not there")
    AMOUNT = "amount_differs", _("another amount there")
    CURRENCY = "currency_differs", _("another currency there")
    UNKNOWN_THERE = "unknown_at_gateway", _("the gateway does not tell of it")
    CHARGE_NOT_POSTED = "charge_not_posted", _("charge missing in the ledger")
    FEE_NOT_POSTED = "fee_not_posted", _("fee missing in the ledger")
    CONVERSION_NOT_POSTED = "conversion_not_posted", _("conversion missing in the ledger")
    REFUND_UNKNOWN = "refund_unknown_here", _("refund that we do not know")
    REFUND_DIFFERS = "refund_out_of_step", _("refund stands otherwise there")
    REFUND_NOT_POSTED = "refund_not_posted", _("refund missing in the ledger")
    REFUND_HERE = "refund_here_only", _("refund here and not there")
    DISPUTE_UNKNOWN = "dispute_unknown_here", _("dispute that we do not know")
    DISPUTE_DIFFERS = "dispute_out_of_step", _("dispute stands otherwise there")
    DISPUTE_NOT_POSTED = "dispute_not_posted", _("dispute missing in the ledger")
    DISPUTE_HERE = "dispute_here_only", _("dispute here and not there")
    EVENT = "event_unprocessed", _("event not processed")
    UNKNOWN_MONEY = "unknown_money", _("money that we have no payment for")
    NOT_COMPARED = "not_compared", _("could not be compared")
    UNAVAILABLE = "gateway_unavailable", _("gateway not reached")


class Outcome(models.TextChoices):
    FIXED = "fixed", _("mended")
    WOULD_FIX = "would_fix", _("would be mended")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")
    REPORTED = "reported", _("for people to decide")


class ReconciliationRun(models.Model):
    """One comparison of our payments with the gateways."""

    correlation_id = models.CharField(_("correlation id"), max_length=64)
    started_at = models.DateTimeField(_("started at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    options = models.JSONField(_("options"), default=dict)
    scanned = models.PositiveIntegerField(_("looked at"), default=0)
    fixed = models.PositiveIntegerField(_("mended"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    mismatches = models.PositiveIntegerField(_("differences"), default=0)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        permissions = [("reconcile", _("Can compare with the gateways and mend"))]
        indexes = [models.Index(fields=["-started_at"], name="reconciliationrun_newest")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Finding(models.Model):
    """A difference between us and a gateway, and what was done about it."""

    # Somebody has to look at these.
    OPEN: ClassVar = ("failed", "reported", "would_fix")
    UNSETTLED: ClassVar = Q(outcome__in=OPEN, settled_at__isnull=True)

    run = models.ForeignKey(ReconciliationRun, models.CASCADE, related_name="findings", verbose_name=_("run"))
    subject = models.CharField(_("subject"), max_length=120)
    gateway_id = models.CharField(_("id at the gateway"), max_length=255, blank=True)
    finding = models.CharField(_("finding"), max_length=60, choices=FindingKind)
    action = models.CharField(_("action"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="findings", null=True, blank=True, verbose_name=_("payment")
    )
    # After the run: who mended or explained it, or found it anew or gone, and when. Explained ones have a note.
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=80, blank=True)
    note = models.CharField(_("explanation"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        indexes = [
            models.Index(
                fields=["-id"],
                name="finding_unsettled",
                condition=Q(outcome__in=["failed", "reported", "would_fix"], settled_at__isnull=True),
            ),
            models.Index(fields=["subject"], name="finding_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_finding_display()}: {self.subject}"

    @property
    def can_be_explained(self) -> bool:
        """Whether people have to say what it is: nobody has, and there is no payment to compare again and mend."""
        is_told = self.outcome == Outcome.REPORTED or self.payment_id is None
        return self.outcome in self.OPEN and self.settled_at is None and is_told
