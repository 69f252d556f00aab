from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions
from payments.models.payment import Payment


class PayoutStatus(models.TextChoices):
    PENDING = "pending", _("waiting")
    IN_TRANSIT = "in_transit", _("on its way")
    PAID = "paid", pgettext_lazy("payout", "arrived")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("cancelled")


_S = PayoutStatus
PAYOUT_TRANSITIONS = Transitions(
    initial=PayoutStatus.values,
    allowed={
        _S.PENDING: [_S.IN_TRANSIT, _S.PAID, _S.FAILED, _S.CANCELED],
        _S.IN_TRANSIT: [_S.PAID, _S.FAILED, _S.CANCELED],
        _S.PAID: [_S.FAILED],  # banks send payouts back days after they arrived
    },
)


class Payout(Stateful):
    """Money that the gateway sends to our bank. `amount`: minor units of `currency`."""

    transitions = PAYOUT_TRANSITIONS

    gateway = models.CharField(_("gateway"), max_length=20)
    payout_id = models.CharField(_("payout"), max_length=255)
    status = models.CharField(_("status"), max_length=20, choices=PayoutStatus)
    amount = models.BigIntegerField(_("amount, minor units"))
    currency = CurrencyField(verbose_name=_("currency"))
    made_at = models.DateTimeField(_("made at"))
    arrives_at = models.DateTimeField(_("arrives at"), null=True, blank=True)
    # Every line of it is in the ledger, and they sum up to its amount.
    matched_at = models.DateTimeField(_("matched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [models.UniqueConstraint(fields=["gateway", "payout_id"], name="payout_one_per_gateway_id")]
        indexes = [models.Index(fields=["-made_at"], name="payout_newest")]

    def __str__(self) -> str:
        return self.payout_id

    def become(self, status: str) -> None:
        """The gateway tells a new status."""
        self._move(status)

    def match(self, at: datetime | None) -> None:
        """Every line of it is accounted for, since then; None: not any more."""
        self.matched_at = at
        self.save(update_fields=["matched_at"])

    @property
    def money(self) -> Money:
        """What is sent."""
        return Money(self.amount, self.currency)


class LineOutcome(models.TextChoices):
    MATCHED = "matched", _("in the ledger")
    SUSPENSE = "suspense", _("to be explained")


class BalanceTransaction(models.Model):
    """A line of a gateway's balance, as it was when it was matched to the ledger. Signed minor units of `currency`.

    `fee` is what the gateway kept of it. One in suspense moved money that we know nothing of: staff explain it.
    """

    gateway = models.CharField(_("gateway"), max_length=20)
    transaction_id = models.CharField(_("line of the balance"), max_length=255)
    type = models.CharField(_("type"), max_length=80)
    currency = CurrencyField(verbose_name=_("currency"))
    amount = models.BigIntegerField(_("amount, minor units"))
    fee = models.BigIntegerField(_("fee, minor units"), default=0)
    source_id = models.CharField(_("about"), max_length=255, blank=True)
    made_at = models.DateTimeField(_("made at"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=LineOutcome)
    explanation = models.CharField(_("explanation"), max_length=300, blank=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="lines", null=True, blank=True, verbose_name=_("payment")
    )
    payout = models.ForeignKey(
        Payout, models.PROTECT, related_name="lines", null=True, blank=True, verbose_name=_("payout")
    )

    class Meta:
        verbose_name = _("line of a gateway's balance")
        verbose_name_plural = _("lines of gateways' balances")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "transaction_id"], name="balancetransaction_one_per_id")
        ]
        indexes = [
            models.Index(fields=["-made_at"], name="balancetransaction_newest"),
            models.Index(fields=["id"], name="balancetransaction_unexplained", condition=Q(outcome="suspense")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.transaction_id}"

    @property
    def net(self) -> Money:
        """What the balance gained or lost by it."""
        return Money(self.amount - self.fee, self.currency)
