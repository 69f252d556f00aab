from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions
from payments.models.payment import Payment


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", _("to be sent")
    SUBMITTING = "submitting", _("being sent")
    SUBMITTED = "submitted", _("sent")
    SUCCEEDED = "succeeded", _("paid back")
    FAILED = "failed", _("failed")


_S = RefundStatus
REFUND_TRANSITIONS = Transitions(
    initial=[_S.REQUESTED],
    allowed={
        _S.REQUESTED: [_S.SUBMITTING, _S.SUCCEEDED, _S.FAILED],
        _S.SUBMITTING: [_S.SUBMITTED, _S.SUCCEEDED, _S.FAILED, _S.REQUESTED],
        _S.SUBMITTED: [_S.SUCCEEDED, _S.FAILED],
        _S.SUCCEEDED: [_S.FAILED],
        _S.FAILED: [_S.REQUESTED],
    },
)


class RefundReason(models.TextChoices):
    """Why money goes back by itself."""

    LATE = "late", _("The seats were gone when the money arrived.")
    DUPLICATE = "duplicate", _("The booking was paid already.")
    UNDERPAID = "underpaid", _("Less arrived than was due.")
    OVERPAID = "overpaid", _("More arrived than was due.")


class Refund(Stateful):
    """Money of one payment that goes back to whoever paid it. `amount`: minor units of `currency`."""

    transitions = REFUND_TRANSITIONS

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    status = models.CharField(_("status"), max_length=20, choices=RefundStatus, default=RefundStatus.REQUESTED)
    amount = models.PositiveBigIntegerField(_("amount, minor units"))
    currency = CurrencyField(verbose_name=_("currency"))
    reason = models.CharField(_("reason"), max_length=20, choices=RefundReason)
    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                name="refund_one_automatic_per_payment",
                condition=Q(reason__in=["late", "duplicate", "underpaid", "overpaid"]),
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.money} · {self.status}"

    @property
    def money(self) -> Money:
        """What goes back."""
        return Money(self.amount, self.currency)
