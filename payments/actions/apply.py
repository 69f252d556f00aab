"""Apply what a gateway tells of a payment: the one place where money changes anything.

Webhooks, the return page, sync and the sweeper all come here with facts. A fact that is known already, or older than
the state, changes nothing; so any number of them may come at once, twice, late and in any order.
"""

from collections.abc import Sequence
from datetime import datetime

from bookings.actions import release
from bookings.actions.confirm import confirm
from bookings.errors import SeatsLost
from bookings.locks import lock_to_sell
from bookings.models import Booking, BookingStatus
from core import outbox
from core.money import Money
from core.transactions import in_one_transaction
from payments import postings
from payments.gateways.base import Declined, Fact, Failed, FeeTaken, Paid, Processing, SessionEnded
from payments.locks import lock_event
from payments.models import GatewayEvent, Payment, PaymentStatus, Refund, RefundReason


@in_one_transaction
def apply(payment: Payment, facts: Sequence[Fact], event: GatewayEvent | None = None) -> None:
    """Apply facts about a payment, and mark the event processed with their effects.

    `payment` may be stale: it only names what is locked and read anew. Raises EventTaken, with nothing done, if
    somebody else processes or has processed the event.
    """
    if event is not None:
        event = lock_event(event)
    booking, now = lock_to_sell(payment.booking.trip_id, payment.booking_id)
    # Every writer of a payment holds its booking's lock, so this read stays true until commit.
    payment = Payment.objects.get(pk=payment.pk)
    payment.booking = booking
    for fact in facts:
        _apply_one(fact, payment, booking, now)
    if event is not None:
        event.mark_processed(now, payment)


def _apply_one(fact: Fact, payment: Payment, booking: Booking, now: datetime) -> None:
    match fact:
        case Paid():
            _paid(fact, payment, booking, now)
        case FeeTaken():
            postings.fee(payment, fact)
        case Declined(message):
            _declined(payment, message)
        case Processing():
            _processing(payment, booking, now)
        case Failed(message):
            _failed(payment, booking, message, now)
        case SessionEnded():
            _ended(payment, booking, now)


def _paid(fact: Paid, payment: Payment, booking: Booking, now: datetime) -> None:
    if payment.is_paid:
        return
    paid_before = booking.paid_amount
    payment.succeed(received=fact.received.amount, intent_id=fact.intent_id, charge_id=fact.charge_id, at=now)
    reason = _why_it_goes_back(fact.received, payment, booking)
    if reason is None:
        try:
            confirm(booking, now, paid_amount=paid_before + payment.amount, reason="Paid.")
        except SeatsLost:
            reason = RefundReason.LATE
    excess = Money(fact.received.amount - payment.amount, fact.received.currency)
    if reason is not None:
        _send_back(payment, fact, fact.received, reason)
    elif excess.amount > 0:
        _send_back(payment, fact, excess, RefundReason.OVERPAID)
    else:
        postings.charge(payment, fact, back=Money(0, payment.currency))


def _why_it_goes_back(received: Money, payment: Payment, booking: Booking) -> RefundReason | None:
    if received.currency != payment.currency or received.amount < payment.amount:
        return RefundReason.UNDERPAID
    if booking.is_sold:
        return RefundReason.DUPLICATE
    return None


def _send_back(payment: Payment, fact: Paid, back: Money, reason: RefundReason) -> None:
    """Owe the money to whoever paid it, and tell them; the refund itself is sent by a job."""
    postings.charge(payment, fact, back=back)
    release.no_slow_payment(payment.booking)
    refund = Refund.objects.create(payment=payment, amount=back.amount, currency=back.currency, reason=reason)
    outbox.enqueue("refund.requested", str(refund.pk), {"refund": refund.pk})


def _declined(payment: Payment, message: str) -> None:
    if payment.status == PaymentStatus.PENDING:
        payment.fail(error=message)
    elif not payment.is_paid and payment.last_error != message[:500]:
        payment.note_error(message)


def _processing(payment: Payment, booking: Booking, now: datetime) -> None:
    # A session that is known to be over cannot be under way again: this news is older than that.
    if payment.can_be_tried:
        payment.process()
        if booking.is_unpaid:
            release.await_slow_payment(booking, now)


def _failed(payment: Payment, booking: Booking, message: str, now: datetime) -> None:
    if payment.status in (PaymentStatus.PENDING, PaymentStatus.PROCESSING):
        payment.fail(error=message, over=True)
    elif payment.can_be_tried:  # declined before, and now known to be over
        payment.note_error(message, over=True)
    else:
        return
    if booking.status == BookingStatus.PENDING_PAYMENT:
        release.fail(booking, now, reason=message[:300])
    release.no_slow_payment(booking)
    outbox.enqueue("payment.failed", str(payment.pk), {"payment": str(payment.pk)})


def _ended(payment: Payment, booking: Booking, now: datetime) -> None:
    if payment.status not in (PaymentStatus.PENDING, PaymentStatus.FAILED):
        return
    payment.cancel(reason="The session ended.")
    if release.expire(booking, now):
        return
    if booking.status == BookingStatus.PENDING_PAYMENT:
        booking.abandon_payment(reason="The payment was given up.")
