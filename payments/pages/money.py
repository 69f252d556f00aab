"""What a booking's page shows of its money: the payment, what went back or will, and what a bank has to say."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from bookings.models import Booking, TripStatus
from core.errors import InvalidState
from core.money import Money
from payments.models import Dispute, Payment, Refund, RefundReason, RefundStatus
from payments.pages import refund_words
from payments.queries import disputes_of
from payments.quotes import Quote, quote


@dataclass(frozen=True)
class MoneyOf:
    """`payment`: the one that was started last. `refunds`: each with its payment, the oldest first."""

    currency: str
    payment: Payment | None
    refunds: list[Refund]
    disputes: list[Dispute]

    @property
    def on_its_way(self) -> Money:
        """What was not paid back yet and will be."""
        return self._sum(refund for refund in self.refunds if refund.status in Refund.UNDER_WAY)

    @property
    def paid_back(self) -> Money:
        """What was paid back."""
        return self._sum(refund for refund in self.refunds if refund.status == RefundStatus.SUCCEEDED)

    @property
    def has_failed(self) -> bool:
        """Whether a refund did not arrive, and nobody has mended that yet."""
        return any(refund.status == RefundStatus.FAILED for refund in self.refunds)

    @property
    def came_too_late(self) -> bool:
        """Whether money arrived when the seats were gone."""
        return any(refund.reason == RefundReason.LATE for refund in self.refunds)

    @property
    def arrival(self) -> str:
        """How long what was sent through a gateway takes; empty if nothing was."""
        sent = [refund for refund in self.refunds if refund.status != RefundStatus.FAILED and not refund.paid_by_hand]
        return refund_words.arrival(sent[-1].payment.gateway) if sent else ""

    @property
    def dispute(self) -> Dispute | None:
        """The dispute that a bank is deciding; else one that was lost."""
        telling = [one for one in self.disputes if one.status in Dispute.WITH_THE_BANK or one.is_lost]
        return min(telling, key=lambda one: one.is_lost, default=None)

    def _sum(self, refunds: Iterable[Refund]) -> Money:
        # Of a payment in another currency than asked for, the list of refunds tells.
        return Money(sum(one.amount for one in refunds if one.currency == self.currency), self.currency)


def money_of(booking: Booking) -> MoneyOf:
    """One query for a booking that nobody paid for yet, three for others."""
    payments = list(Payment.objects.filter(booking=booking).order_by("created_at"))
    refunds: list[Refund] = []
    disputes: list[Dispute] = []
    if any(payment.is_paid for payment in payments):
        # What took the place of one that was replaced tells of itself; one that nobody was promised is not missed.
        told = Refund.objects.filter(payment__booking=booking).exclude(status=RefundStatus.REPLACED)
        told = told.exclude(reason=RefundReason.GATEWAY, status=RefundStatus.FAILED)
        refunds = list(told.select_related("payment").order_by("pk"))
        disputes = disputes_of(booking)
    return MoneyOf(booking.currency, payments[-1] if payments else None, refunds, disputes)


def cancellation_offer(booking: Booking) -> Quote | None:
    """What giving up all of a paid booking would bring now; None where its traveller cannot."""
    if not booking.is_sold or booking.trip.status == TripStatus.CANCELLED:
        return None  # of a trip that does not run everybody is paid back without asking
    try:
        return quote(booking, timezone.now())
    except InvalidState:
        return None
