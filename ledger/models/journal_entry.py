from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.money import CurrencyField


class EntryKind(models.TextChoices):
    CHARGE = "charge", _("charge")
    REFUND = "refund", _("refund")
    PARTIAL_REFUND = "partial_refund", _("partial refund")
    REFUND_DECISION = "refund_decision", _("refund decision")
    REFUND_BOUNCE = "refund_bounce", _("refund bounce")
    FEE = "fee", _("fee")
    DISPUTE = "dispute", _("dispute")
    DISPUTE_REVERSAL = "dispute_reversal", _("dispute reversal")
    EARNING = "earning", _("earning")
    CANCELLATION_FEE = "cancellation_fee", _("cancellation fee")
    SETTLEMENT = "settlement", _("settlement")
    RESERVE = "reserve", _("reserve released")
    PAYOUT = "payout", _("payout")
    CONVERSION = "conversion", _("conversion")
    SUSPENSE = "suspense", _("suspense")
    GOODWILL = "goodwill", _("goodwill")
    CASH = "cash", _("cash")
    ADJUSTMENT = "adjustment", _("adjustment")
    REVERSAL = "reversal", _("reversal")


# Kinds that people write by hand, and that may therefore lack a reference.
MANUAL_KINDS = [EntryKind.GOODWILL, EntryKind.CASH, EntryKind.ADJUSTMENT, EntryKind.REVERSAL]
REFUND_KINDS = [EntryKind.REFUND, EntryKind.PARTIAL_REFUND]


def _fact(label: Any) -> "models.CharField[str | None, str | None]":
    # NULL and not "": unique constraints and searches must not take entries without the fact for one another.
    return models.CharField(label, max_length=255, null=True, blank=True)


class JournalEntry(models.Model):
    """One fact about money, told by postings that sum to zero. Written by ledger.actions.post alone; append-only."""

    kind = models.CharField(_("kind"), max_length=20, choices=EntryKind)
    reference = _fact(pgettext_lazy("of an entry", "reference"))
    booking_reference = models.CharField(_("booking"), max_length=20, blank=True)
    gateway = models.CharField(_("gateway"), max_length=20, blank=True)
    payment_intent_id = _fact(_("payment intent"))
    charge_id = _fact(_("charge"))
    refund_id = _fact(_("refund"))
    event_id = _fact(_("gateway event"))
    currency = CurrencyField(verbose_name=_("currency"))
    # When it happened out there; reports go by posted_at, so that a closed month never changes. A trigger sets
    # posted_at, whatever was given, and effective_at to the same if nothing was.
    effective_at = models.DateTimeField(_("effective at"))
    posted_at = models.DateTimeField(_("posted at"))
    period = models.GeneratedField(
        expression=Func("posted_at", template="date_trunc('month', %(expressions)s AT TIME ZONE 'UTC')::date"),
        output_field=models.DateField(),
        db_persist=True,
        verbose_name=_("period"),
    )
    memo = models.CharField(_("memo"), max_length=300, blank=True)
    actor = models.CharField(_("actor"), max_length=80)
    correlation_id = models.CharField(_("correlation id"), max_length=64, blank=True)
    posting_count = models.PositiveSmallIntegerField(_("number of postings"))
    # Not indexed by itself: nothing is ever deleted, and a reversal is found by its unique constraint.
    reverses = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="reversed_by",
        verbose_name=_("reverses"),
        null=True,
        blank=True,
        db_index=False,
    )

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        permissions = [("adjust", _("Can write entries by hand")), ("reverse_entry", _("Can reverse entries"))]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="journalentry_one_per_reference"),
            models.UniqueConstraint(
                fields=["payment_intent_id"],
                name="journalentry_one_charge_per_intent",
                condition=Q(kind=EntryKind.CHARGE),
            ),
            models.UniqueConstraint(
                fields=["charge_id"], name="journalentry_one_charge_per_charge", condition=Q(kind=EntryKind.CHARGE)
            ),
            models.UniqueConstraint(
                fields=["refund_id"], name="journalentry_one_refund_per_refund", condition=Q(kind__in=REFUND_KINDS)
            ),
            models.UniqueConstraint(
                fields=["reverses"], name="journalentry_reversed_once", condition=Q(kind=EntryKind.REVERSAL)
            ),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="journalentry_kind_known"),
            models.CheckConstraint(
                condition=Q(reference__isnull=False) | Q(kind__in=MANUAL_KINDS),
                name="journalentry_reference_unless_manual",
            ),
            models.CheckConstraint(
                condition=~Q(reference="")
                & ~Q(payment_intent_id="")
                & ~Q(charge_id="")
                & ~Q(refund_id="")
                & ~Q(event_id=""),
                name="journalentry_facts_not_empty",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="journalentry_currency_iso"),
            models.CheckConstraint(condition=Q(posting_count__gte=2), name="journalentry_two_postings"),
        ]
        indexes = [
            models.Index(fields=["booking_reference"], name="journalentry_booking", condition=~Q(booking_reference="")),
            # Entries stand on disk in the order of time: a block range index is a few kB and costs writes nothing.
            BrinIndex(fields=["posted_at"], name="journalentry_posted"),
        ]

    def __str__(self) -> str:
        return self.reference or f"{self.kind} {self.pk}"
