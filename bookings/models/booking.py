import secrets
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bookings.models.trip import Trip, TripStop
from core.money import CurrencyField, Money
from core.transitions import Stateful, Transitions

if TYPE_CHECKING:
    from bookings.models.passenger import Passenger

# A–Z and 2–9 without the look-alikes 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: read over the phone and typed on a phone.
REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTWXY34679"
REFERENCE_LENGTH = 8


def new_reference() -> str:
    """A booking reference that nobody can guess from another one."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class BookingStatus(models.TextChoices):
    PENDING = "pending", _("seats held")
    PENDING_PAYMENT = "pending_payment", _("waiting for payment")
    FAILED = "failed", _("payment failed")
    EXPIRED = "expired", _("hold ended")
    CONFIRMED = "confirmed", _("confirmed")
    CANCELLED = "cancelled", _("cancelled")
    REFUNDED = "refunded", _("refunded")
    COMPLETED = "completed", _("travelled")
    NO_SHOW = "no_show", _("did not travel")


class BookingPaymentStatus(models.TextChoices):
    UNPAID = "unpaid", _("unpaid")
    PROCESSING = "processing", _("payment under way")
    PAID = "paid", _("paid")
    PARTIALLY_REFUNDED = "partially_refunded", _("partly refunded")
    REFUNDED = "refunded", _("refunded")
    DISPUTED = "disputed", _("disputed")


_S, _P = BookingStatus, BookingPaymentStatus
BOOKING_TRANSITIONS = Transitions(
    initial=[_S.PENDING],
    allowed={
        _S.PENDING: [_S.PENDING_PAYMENT, _S.CONFIRMED, _S.EXPIRED, _S.CANCELLED],
        _S.PENDING_PAYMENT: [_S.CONFIRMED, _S.FAILED, _S.EXPIRED, _S.CANCELLED, _S.PENDING],
        _S.FAILED: [_S.PENDING_PAYMENT, _S.CONFIRMED, _S.EXPIRED, _S.CANCELLED],
        _S.EXPIRED: [_S.CONFIRMED],
        _S.CONFIRMED: [_S.CANCELLED, _S.COMPLETED, _S.NO_SHOW],
        _S.COMPLETED: [_S.NO_SHOW],
        _S.NO_SHOW: [_S.COMPLETED],
        _S.CANCELLED: [_S.REFUNDED],
        _S.REFUNDED: [_S.CANCELLED],
    },
)


class Booking(Stateful):
    """Seats of one trip on one stretch, held and then sold together. Amounts are minor units of `currency`.

    Prices and terms (commission, taxes, policy, who bears what) are those of the moment of the hold and never change.
    """

    transitions = BOOKING_TRANSITIONS
    UNPAID: ClassVar = (_S.PENDING, _S.PENDING_PAYMENT, _S.FAILED)  # may still be paid, and end by the clock
    HOLDING: ClassVar = (_S.PENDING, _S.PENDING_PAYMENT)  # its seats are kept from others
    SOLD: ClassVar = (_S.CONFIRMED, _S.COMPLETED, _S.NO_SHOW)
    OVER: ClassVar = (_S.COMPLETED, _S.NO_SHOW)  # its trip has left, and its money is earned

    reference = models.CharField(_("reference"), max_length=8, default=new_reference, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="bookings",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("account"),
    )
    idempotency_key = models.CharField(max_length=255, null=True, editable=False)
    request_hash = models.CharField(max_length=64, blank=True, editable=False)
    trip = models.ForeignKey(Trip, models.PROTECT, related_name="bookings", verbose_name=_("trip"))
    boarding = models.ForeignKey(TripStop, models.PROTECT, related_name="+", verbose_name=_("from"), db_index=False)
    alighting = models.ForeignKey(TripStop, models.PROTECT, related_name="+", verbose_name=_("to"), db_index=False)
    status = models.CharField(_("status"), max_length=20, choices=BookingStatus, default=BookingStatus.PENDING)
    contact_email = models.EmailField(_("e-mail"))
    contact_phone = models.CharField(_("telephone"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    currency = CurrencyField(verbose_name=_("currency"))
    fare_amount = models.PositiveBigIntegerField(_("fare, minor units"))
    tax_amount = models.PositiveBigIntegerField(_("tax, minor units"))
    fee_amount = models.PositiveBigIntegerField(_("fees, minor units"))
    commission_bps = models.PositiveIntegerField(_("commission, basis points"))
    tax_bps = models.PositiveIntegerField(_("tax, basis points"))
    commission_tax_bps = models.PositiveIntegerField(_("tax within the commission, basis points"), db_default=0)
    cancellation_policy = models.JSONField(_("cancellation policy"), default=list)
    no_show_refund_percent = models.PositiveSmallIntegerField(
        _("goes back to who does not show up, percent"), db_default=0
    )
    operator_bears_disputes = models.BooleanField(
        _("the operator bears disputes lost after departure"), db_default=True
    )
    paid_amount = models.BigIntegerField(_("paid, minor units"), default=0)
    refunded_amount = models.BigIntegerField(_("refunded, minor units"), default=0)
    payment_status = models.CharField(
        _("payment"), max_length=20, choices=BookingPaymentStatus, default=BookingPaymentStatus.UNPAID
    )
    created_at = models.DateTimeField(_("held first at"))
    expires_at = models.DateTimeField(_("hold ends at"))

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="booking_one_per_reference"),
            models.UniqueConstraint(fields=["owner", "idempotency_key"], name="booking_one_per_key"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="booking_of_owner"),
            models.Index(
                fields=["expires_at"],
                name="booking_ending",
                condition=models.Q(status__in=["pending", "pending_payment", "failed"]),
            ),
            # Those whose trip is still to leave: what the job that completes them goes through.
            models.Index(fields=["id"], name="booking_to_complete", condition=models.Q(status="confirmed")),
            models.Index(
                fields=["owner"],
                name="booking_held_by_owner",
                condition=models.Q(status__in=["pending", "pending_payment", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    # ------------------------------------------------------------------------------------------------- transitions
    def begin_payment(self) -> None:
        """A payment was started."""
        self._move(_S.PENDING_PAYMENT)

    def abandon_payment(self, *, reason: str = "") -> None:
        """The payment was given up; the hold goes on."""
        self._move(_S.PENDING, reason=reason)

    def confirm(self, *, reason: str = "", paid_amount: int) -> None:
        """Sold: its claims were made permanent in this transaction. `paid_amount`: all that was paid for it."""
        self._move(_S.CONFIRMED, reason=reason, paid_amount=paid_amount, payment_status=BookingPaymentStatus.PAID)

    def fail(self, *, reason: str, expires_at: datetime) -> None:
        """Its payment came to a final end; until `expires_at` another may be tried."""
        self._move(_S.FAILED, reason=reason, expires_at=expires_at, payment_status=BookingPaymentStatus.UNPAID)

    def expire(self, *, reason: str = "") -> None:
        """Its hold ended unpaid."""
        self._move(_S.EXPIRED, reason=reason)

    def cancel(self, *, reason: str) -> None:
        """Given up, before or after payment."""
        self._move(_S.CANCELLED, reason=reason)

    def complete(self, *, reason: str = "") -> None:
        """Its travellers have left, some of them at least."""
        self._move(_S.COMPLETED, reason=reason)

    def miss(self, *, reason: str) -> None:
        """Its trip has left without any of its travellers."""
        self._move(_S.NO_SHOW, reason=reason)

    def show_money(self, *, refunded: int, disputed: bool, in_full: bool) -> None:
        """What has become of what was paid: so many minor units went back, a bank took it or may take it.

        `in_full`: all that is owed back was paid, and something was. A cancelled booking is `refunded` then.
        """
        if not self.paid_amount:
            return
        status = _P.PAID
        if disputed:
            status = _P.DISPUTED
        elif refunded >= self.paid_amount:
            status = _P.REFUNDED
        elif refunded:
            status = _P.PARTIALLY_REFUNDED
        if (refunded, status) != (self.refunded_amount, self.payment_status):
            self.refunded_amount, self.payment_status = refunded, status
            self.save(update_fields=["refunded_amount", "payment_status"])
        if in_full and self.status == _S.CANCELLED:
            self._move(_S.REFUNDED)
        elif not in_full and self.status == _S.REFUNDED:
            self._move(_S.CANCELLED, reason="A refund came back.")

    # ------------------------------------------------------------------------------------------------------- facts
    @property
    def total(self) -> Money:
        """What was bought, all included."""
        return Money(self.fare_amount + self.tax_amount + self.fee_amount, self.currency)

    @property
    def paid(self) -> Money:
        """What was paid and belongs to this booking."""
        return Money(self.paid_amount, self.currency)

    @property
    def refunded(self) -> Money:
        """What went back."""
        return Money(self.refunded_amount, self.currency)

    @property
    def owed(self) -> Money:
        """What is still to be paid."""
        return Money(max(0, self.total.amount - self.paid_amount), self.currency)

    @property
    def hold_limit(self) -> datetime:
        """No extension reaches beyond this moment."""
        return self.created_at + settings.HOLD_MAX

    @property
    def is_unpaid(self) -> bool:
        """Whether it may still be paid while its hold runs."""
        return self.status in self.UNPAID

    @property
    def is_sold(self) -> bool:
        """Whether its seats are sold to its passengers."""
        return self.status in self.SOLD

    @property
    def is_over(self) -> bool:
        """Whether its trip has left and its money is earned."""
        return self.status in self.OVER

    @property
    def hold_extendable(self) -> bool:
        """Whether an extension would lengthen the hold."""
        holding = self.status in self.HOLDING and timezone.now() < self.expires_at
        return holding and self.expires_at < self.hold_limit

    def live_passengers(self) -> "list[Passenger]":
        """Passengers who were not cancelled, in the order of their seats."""
        return sorted(
            (passenger for passenger in self.passengers.all() if passenger.status != "cancelled"),
            key=lambda passenger: (passenger.seat.row, passenger.seat.column),
        )
