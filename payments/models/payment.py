import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions


class PaymentStatus(models.TextChoices):
    PENDING = "pending", _("waiting for the traveller")
    PROCESSING = "processing", _("under way")
    SUCCEEDED = "succeeded", _("paid")
    FAILED = "failed", _("declined")
    CANCELLED = "cancelled", _("given up")
    PARTIALLY_REFUNDED = "partially_refunded", _("partly refunded")
    REFUNDED = "refunded", _("refunded")


_S = PaymentStatus
PAYMENT_TRANSITIONS = Transitions(
    # Cancelled: money came that nobody had been asked for, and is noted down as a payment of its own.
    initial=[_S.PENDING, _S.CANCELLED],
    allowed={
        _S.PENDING: [_S.PROCESSING, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED],
        _S.PROCESSING: [_S.SUCCEEDED, _S.FAILED],
        _S.FAILED: [_S.PROCESSING, _S.SUCCEEDED, _S.CANCELLED],
        _S.CANCELLED: [_S.SUCCEEDED],
        _S.SUCCEEDED: [_S.PARTIALLY_REFUNDED, _S.REFUNDED],
        _S.PARTIALLY_REFUNDED: [_S.REFUNDED, _S.SUCCEEDED],
        _S.REFUNDED: [_S.SUCCEEDED, _S.PARTIALLY_REFUNDED],
    },
)


class Payment(Stateful):
    """One attempt to be paid for a booking: one session at a gateway, with any number of tries in it.

    Amounts are minor units of `currency`. A declined try leaves it open (`failed`), with the reason in `last_error`.
    """

    transitions = PAYMENT_TRANSITIONS
    OPEN: ClassVar = (_S.PENDING, _S.PROCESSING, _S.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="payments", verbose_name=_("booking"))
    gateway = models.CharField(_("gateway"), max_length=20)
    status = models.CharField(_("status"), max_length=20, choices=PaymentStatus, default=PaymentStatus.PENDING)
    currency = CurrencyField(verbose_name=_("currency"))
    amount = models.PositiveBigIntegerField(_("amount, minor units"))
    fare_amount = models.PositiveBigIntegerField(_("of it fare"))
    tax_amount = models.PositiveBigIntegerField(_("of it tax"))
    fee_amount = models.PositiveBigIntegerField(_("of it fees"))
    received_amount = models.PositiveBigIntegerField(_("received, minor units"), default=0)
    refunded_amount = models.PositiveBigIntegerField(_("paid back, minor units"), default=0)
    # All that the gateway is asked with, so that a repeated request sends the same bytes.
    parameters = models.JSONField(default=dict, editable=False)
    return_url = models.URLField(_("return address"), max_length=500, blank=True)
    session_id = models.CharField(_("session"), max_length=255, null=True, blank=True)
    intent_id = models.CharField(_("payment intent"), max_length=255, null=True, blank=True)
    charge_id = models.CharField(_("charge"), max_length=255, null=True, blank=True)
    # Where the traveller pays; empty until the gateway answered, and again once the session is over.
    checkout_url = models.URLField(_("payment page"), max_length=5000, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)
    succeeded_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    # When it was last compared with the gateway.
    reconciled_at = models.DateTimeField(_("compared at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                name="payment_one_open_per_booking",
                condition=Q(status__in=["pending", "processing", "failed"]),
            ),
            models.UniqueConstraint(fields=["gateway", "session_id"], name="payment_one_per_session"),
            models.UniqueConstraint(fields=["gateway", "intent_id"], name="payment_one_per_intent"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_of_something"),
            models.CheckConstraint(
                condition=Q(amount=F("fare_amount") + F("tax_amount") + F("fee_amount")),
                name="payment_breakdown_sums_up",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="payment_newest"),
            models.Index(F("reconciled_at").asc(nulls_first=True), "created_at", name="payment_longest_unchecked"),
            models.Index(fields=["gateway", "charge_id"], name="payment_by_charge"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    # ------------------------------------------------------------------------------------------------- transitions
    def process(self) -> None:
        """The traveller has done their part; the money is on its way."""
        self._move(_S.PROCESSING)

    def succeed(self, *, received: int, intent_id: str, charge_id: str, at: datetime) -> None:
        """The gateway has the money. `received`: minor units of the payment's currency."""
        self._move(
            _S.SUCCEEDED,
            received_amount=received,
            intent_id=intent_id,
            charge_id=charge_id,
            checkout_url="",
            last_error="",
            succeeded_at=at,
        )

    def fail(self, *, error: str, over: bool = False) -> None:
        """A try failed. `over`: so did the session; no further try can be made in it."""
        self._move(
            _S.FAILED, reason=error[:300], last_error=error[:500], checkout_url="" if over else self.checkout_url
        )

    def note_error(self, error: str, *, over: bool = False) -> None:
        """Another try failed, or is heard of only now; `over` as above."""
        self.last_error = error[:500]
        if over:
            self.checkout_url = ""
        self.save(update_fields=["last_error", "checkout_url"])

    def cancel(self, *, reason: str = "") -> None:
        """Given up; money may still arrive from a page that was left open."""
        self._move(_S.CANCELLED, reason=reason, checkout_url="")

    def show_refunds(self, refunded: int) -> None:
        """So much of it, in minor units, has been paid back by now."""
        status = _S.SUCCEEDED if not refunded else _S.PARTIALLY_REFUNDED
        if refunded >= self.received_amount:
            status = _S.REFUNDED
        if status != self.status:
            self._move(status, refunded_amount=refunded)
        elif refunded != self.refunded_amount:
            self.refunded_amount = refunded
            self.save(update_fields=["refunded_amount"])

    # ------------------------------------------------------------------------------------------------------- facts
    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money(self.amount, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether it may still be paid without anything new being started."""
        return self.status in self.OPEN

    @property
    def is_paid(self) -> bool:
        """Whether its money arrived, whatever became of it after."""
        return self.succeeded_at is not None

    @property
    def can_be_tried(self) -> bool:
        """Whether its session takes, or is about to take, the traveller's money."""
        return self.status in (_S.PENDING, _S.FAILED) and bool(self.checkout_url or not self.session_id)

    def return_page(self) -> str:
        """Where the gateway sends the traveller back to."""
        return f"{settings.PUBLIC_URL}/{self.booking.language}/payments/{self.id}/return"
