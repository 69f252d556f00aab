from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import BerthNow, from_now
from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions
from payments.models.payment import Payment


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", _("to be sent")
    SUBMITTING = "submitting", _("being sent")
    SUBMITTED = "submitted", _("sent")
    SUCCEEDED = "succeeded", _("paid back")
    FAILED = "failed", _("failed")
    REPLACED = "replaced", _("went back another way")


_S = RefundStatus
REFUND_TRANSITIONS = Transitions(
    initial=[_S.REQUESTED, _S.FAILED],
    allowed={
        _S.REQUESTED: [_S.SUBMITTING, _S.SUBMITTED, _S.SUCCEEDED, _S.FAILED],
        _S.SUBMITTING: [_S.SUBMITTED, _S.SUCCEEDED, _S.FAILED, _S.REQUESTED],
        _S.SUBMITTED: [_S.SUCCEEDED, _S.FAILED],
        _S.SUCCEEDED: [_S.FAILED],
        _S.FAILED: [_S.REQUESTED, _S.SUCCEEDED, _S.REPLACED],
    },
)


class RefundReason(models.TextChoices):
    """Why money goes back."""

    LATE = "late", _("The seats were gone when the money arrived.")
    DUPLICATE = "duplicate", _("The booking was paid already.")
    UNDERPAID = "underpaid", _("Less arrived than was due.")
    OVERPAID = "overpaid", _("More arrived than was due.")
    CANCELLED = "cancelled", _("Seats were cancelled.")
    TRIP_CANCELLED = "trip_cancelled", _("The trip was cancelled.")
    NO_SHOW = "no_show", _("Somebody did not show up.")
    AFTER_DEPARTURE = "after_departure", _("Given back after the journey.")
    GOODWILL = "goodwill", _("As a courtesy.")
    GATEWAY = "gateway", _("Made at the payment service itself.")


class Refund(Stateful):
    """Money of one payment that goes back to whoever paid it. `amount`: minor units of `currency`.

    What was paid for other reasons than the booking (AUTOMATIC) goes back by itself and is none of the booking's money.
    """

    transitions = REFUND_TRANSITIONS
    AUTOMATIC: ClassVar = (RefundReason.LATE, RefundReason.DUPLICATE, RefundReason.UNDERPAID, RefundReason.OVERPAID)
    UNSENT: ClassVar = (_S.REQUESTED, _S.SUBMITTING)
    FRUITLESS: ClassVar = (_S.FAILED, _S.REPLACED)
    UNDER_WAY: ClassVar = (_S.REQUESTED, _S.SUBMITTING, _S.SUBMITTED)
    LEASE: ClassVar = timedelta(minutes=2)  # longer than a call can take, with all its repeats

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    status = models.CharField(_("status"), max_length=20, choices=RefundStatus, default=RefundStatus.REQUESTED)
    amount = models.PositiveBigIntegerField(_("amount, minor units"))
    currency = CurrencyField(verbose_name=_("currency"))
    reason = models.CharField(_("reason"), max_length=20, choices=RefundReason)
    note = models.CharField(_("note"), max_length=300, blank=True)
    requested_by = models.CharField(_("asked for by"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    succeeded_at = models.DateTimeField(_("paid back at"), null=True, blank=True)
    # When a worker looks at it next. While it is being sent: the end of that worker's lease.
    due_at = models.DateTimeField(_("next step at"), db_default=BerthNow())
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    # Finance transferred it from the bank, as the gateway could not.
    paid_by_hand = models.BooleanField(_("paid by hand"), default=False)
    # Of a refund made at the gateway: the books know what it was for.
    accounted = models.BooleanField(_("accounted for"), default=True)
    # So much of it was for seats that were cancelled after, minor units.
    explained_amount = models.PositiveBigIntegerField(_("explained, minor units"), default=0)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        permissions = [("request_refund", _("Can pay money back"))]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                name="refund_one_automatic_per_payment",
                condition=Q(reason__in=["late", "duplicate", "underpaid", "overpaid"]) & ~Q(status="replaced"),
            ),
            # Two at once may look the same at the gateway, and one could be taken for the other.
            models.UniqueConstraint(
                fields=["payment"], name="refund_one_sending_per_payment", condition=Q(status="submitting")
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="refund_due",
                condition=Q(status__in=["requested", "submitting", "submitted"]),
            ),
            models.Index(fields=["id"], name="refund_unsettled", condition=Q(status="failed") | Q(accounted=False)),
        ]

    def __str__(self) -> str:
        return f"{self.money} · {self.status}"

    # ------------------------------------------------------------------------------------------------- transitions
    def lease(self, until: datetime) -> None:
        """One worker sends it now, and nobody else before `until`."""
        self._move(_S.SUBMITTING, due_at=until, tries=self.tries + 1)

    def keep_lease(self) -> bool:
        """For its holder: it runs for LEASE again, if nobody else took it meanwhile; whether it does."""
        held = Refund.objects.filter(pk=self.pk, status=_S.SUBMITTING, due_at=self.due_at)
        if not held.update(due_at=from_now(self.LEASE)):
            return False
        self.refresh_from_db(fields=["due_at"])
        return True

    def put_back(self, *, error: str, due_at: datetime) -> None:
        """It was not sent; it will be, then."""
        self._move(_S.REQUESTED, reason=error[:300], last_error=error[:300], due_at=due_at)

    def submit(self, poll_at: datetime) -> None:
        """The gateway has it, and has not paid it yet."""
        self._move(_S.SUBMITTED, due_at=poll_at, last_error="")

    def succeed(self, at: datetime, *, reason: str = "", by_hand: bool = False) -> None:
        """It was paid."""
        self._move(_S.SUCCEEDED, reason=reason, succeeded_at=at, last_error="", paid_by_hand=by_hand)

    def fail(self, error: str) -> None:
        """The gateway did not pay it, or it came back."""
        self._move(_S.FAILED, reason=error[:300], last_error=error[:300], succeeded_at=None)

    def request_again(self, due_at: datetime, *, reason: str) -> None:
        """Staff have it sent once more."""
        self._move(_S.REQUESTED, reason=reason, due_at=due_at, tries=0)

    def replace(self, *, reason: str) -> None:
        """The payer has the money by another way: it is owed no more."""
        self._move(_S.REPLACED, reason=reason[:300])

    # ------------------------------------------------------------------------------------------------------- facts
    @property
    def money(self) -> Money:
        """What goes back."""
        return Money(self.amount, self.currency)

    @property
    def unexplained_amount(self) -> int:
        """Minor units of one made at the gateway that nobody knows a reason for."""
        return 0 if self.accounted else self.amount - self.explained_amount

    def explain(self, amount: int) -> None:
        """So much more of it is explained."""
        self.explained_amount += amount
        self.accounted = self.explained_amount >= self.amount
        self.save(update_fields=["explained_amount", "accounted"])

    @property
    def is_automatic(self) -> bool:
        """Whether it gives back what was never the booking's."""
        return self.reason in self.AUTOMATIC


class RefundAttempt(models.Model):
    """One refund as the gateway knows it. Another one is made only when this one definitely came to nothing."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="attempts", verbose_name=_("refund"))
    number = models.PositiveSmallIntegerField(_("number"))
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_refund_id = models.CharField(_("refund at the gateway"), max_length=255, null=True, blank=True)
    # Nobody could say whether the gateway did it: it is looked up before it is sent again.
    is_unclear = models.BooleanField(_("outcome unclear"), default=False)
    is_over = models.BooleanField(_("came to nothing"), default=False)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("begun at"), db_default=BerthNow())

    class Meta:
        verbose_name = _("attempt at a refund")
        verbose_name_plural = _("attempts at refunds")
        constraints = [
            models.UniqueConstraint(fields=["refund", "number"], name="refundattempt_one_per_number"),
            models.UniqueConstraint(fields=["gateway", "gateway_refund_id"], name="refundattempt_one_per_gateway_id"),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}/{self.number}"

    @property
    def mark(self) -> str:
        """Its name at the gateway. With the time: a restored database gives the numbers of what it lost once more."""
        return f"berth-refund-{self.refund_id}-{self.number}-{self.created_at:%Y%m%d%H%M%S%f}"
