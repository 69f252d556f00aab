"""What a traveller's payment changes: paid, declined, under way, over."""

from datetime import datetime

import structlog
from django.db import transaction

from bookings.actions import release
from bookings.actions.confirm import confirm, takes_travellers
from bookings.errors import BookingError, SeatsLost
from bookings.models import Booking, BookingStatus
from core import outbox
from core.models import OutboxMessage, StatusChange
from core.money import Money
from ledger.errors import EntryConflictError
from payments import postings
from payments.errors import Overtaken
from payments.gateways.base import Failed, Paid, Processing, Settled
from payments.models import Payment, PaymentStatus, Refund, RefundReason
from payments.nudge import nudge_refunds

log = structlog.get_logger(__name__)


def paid(fact: Paid, payment: Payment, booking: Booking, now: datetime) -> None:
    """The gateway has the money: the seats are sold, or it goes back."""
    if not payment.is_paid:
        _take(fact, payment, booking, now)
    elif fact.intent_id != payment.intent_id:
        _paid_again(fact, payment, booking, now)


def _take(fact: Paid, payment: Payment, booking: Booking, now: datetime) -> None:
    payment.succeed(received=fact.received.amount, intent_id=fact.intent_id, charge_id=fact.charge_id, at=now)
    reason = _why_it_goes_back(fact.received, payment, booking)
    if reason is None:
        try:
            confirm(booking, now, paid_amount=payment.amount, reason="Paid.")
        except SeatsLost:
            reason = RefundReason.LATE
    excess = Money(fact.received.amount - payment.amount, fact.received.currency)
    if reason is not None:
        _send_back(payment, fact, fact.received, reason)
    elif excess.amount > 0:
        _send_back(payment, fact, excess, RefundReason.OVERPAID)
    else:
        postings.charge(payment, fact, back=Money(0, payment.currency))


def _paid_again(fact: Paid, payment: Payment, booking: Booking, now: datetime) -> None:
    """A page that was left open took money twice: the second is noted down as a payment of its own.

    It goes back, unless nothing that came before it could pay for the booking.
    """
    if Payment.objects.filter(gateway=payment.gateway, intent_id=fact.intent_id).exists():
        return
    second = Payment.objects.create(
        booking=booking,
        gateway=payment.gateway,
        status=PaymentStatus.CANCELLED,
        currency=payment.currency,
        amount=payment.amount,
        fare_amount=payment.fare_amount,
        tax_amount=payment.tax_amount,
        fee_amount=payment.fee_amount,
    )
    _take(fact, second, booking, now)


def _why_it_goes_back(received: Money, payment: Payment, booking: Booking) -> RefundReason | None:
    if booking.paid_amount:  # it was sold, whatever became of it after
        return RefundReason.DUPLICATE
    if received.currency != payment.currency or received.amount < payment.amount:
        return RefundReason.UNDERPAID
    return None


def _send_back(payment: Payment, fact: Paid, back: Money, reason: RefundReason) -> None:
    """Owe the money to whoever paid it, and tell them; the refund itself is sent by a job."""
    postings.charge(payment, fact, back=back)
    release.no_slow_payment(payment.booking)
    refund = Refund.objects.create(payment=payment, amount=back.amount, currency=back.currency, reason=reason)
    outbox.enqueue("refund.requested", str(refund.pk), {"refund": refund.pk})
    nudge_refunds()


def settled(fact: Settled, payment: Payment) -> None:
    """It has reached the gateway's balance. The fee that was told first stands: people hear of another one from
    reconciliation, and it keeps back no other news.
    """
    try:
        postings.settled(payment, fact)
    except EntryConflictError:
        if fact.line.amount.currency != fact.of.currency:
            raise
        log.warning("fee_differs", payment=str(payment.pk), line=fact.line.transaction_id)


def declined(payment: Payment, message: str) -> None:
    """A try failed."""
    if payment.status == PaymentStatus.PENDING:
        payment.fail(error=message)
    elif not payment.is_paid and payment.last_error != message[:500]:
        payment.note_error(message)


def processing(fact: Processing, payment: Payment, booking: Booking, now: datetime) -> None:
    """The traveller has done their part."""
    if not payment.can_be_tried and not _begins_again(fact, payment, booking, now):
        return
    payment.process()
    if booking.is_unpaid:
        release.await_slow_payment(booking, now)


def _begins_again(fact: Processing, payment: Payment, booking: Booking, now: datetime) -> bool:
    """Whether another try is under way where one had come to nothing, and its seats could be held once more.

    A session that is known to be over cannot be under way again, unless nobody can close it: else this news is older.
    """
    if not fact.again or payment.status != PaymentStatus.FAILED:
        return False
    _check_newest(fact.as_of, payment)
    if booking.status == BookingStatus.FAILED:
        if not takes_travellers(booking, now):
            return False
        try:
            with transaction.atomic():
                release.hold_again(booking, now)
        except BookingError:
            return False  # if the money comes, it is late
        booking.begin_payment()
    return True


def failed(fact: Failed, payment: Payment, booking: Booking, now: datetime) -> None:
    """The session came to an end without money."""
    message = fact.message
    if payment.status == PaymentStatus.PROCESSING:
        _check_newest(fact.as_of, payment)
    if payment.status in (PaymentStatus.PENDING, PaymentStatus.PROCESSING):
        payment.fail(error=message, over=True)
    elif payment.can_be_tried:  # declined before, and now known to be over
        payment.note_error(message, over=True)
    else:
        return
    if booking.status == BookingStatus.PENDING_PAYMENT:
        release.fail(booking, now, reason=message[:300])
    release.no_slow_payment(booking)
    before = OutboxMessage.objects.filter(kind="payment.failed", subject__startswith=str(payment.pk)).count()
    subject = f"{payment.pk}:{before + 1}" if before else str(payment.pk)
    outbox.enqueue("payment.failed", subject, {"payment": str(payment.pk)})


def _check_newest(as_of: datetime, payment: Payment) -> None:
    """Raises Overtaken if other news of the payment came after the gateway was asked: nobody knows which is newer."""
    changes = StatusChange.objects.filter(subject_type="payments.payment", subject_id=str(payment.pk))
    if changes.filter(at__gt=as_of).exists():
        raise Overtaken


def ended(payment: Payment, booking: Booking, now: datetime) -> None:
    """The session takes no money any more."""
    if payment.status not in (PaymentStatus.PENDING, PaymentStatus.FAILED):
        return
    payment.cancel(reason="The session ended.")
    if release.expire(booking, now):
        return
    if booking.status == BookingStatus.PENDING_PAYMENT:
        booking.abandon_payment(reason="The payment was given up.")
