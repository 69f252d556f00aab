"""Apply what a gateway tells of a payment: the one place where money changes anything.

Webhooks, the return page, sync, the sweeper, refunds and reconciliation all come here with facts. A fact that is known
already, or older than the state, changes nothing; so any number of them may come at once, twice, late and in any order.
"""

from collections.abc import Sequence
from datetime import datetime

from bookings.locks import lock_to_sell
from bookings.models import Booking
from core.transactions import in_one_transaction
from payments.effects import disputing, paying, refunding
from payments.gateways.base import (
    Declined,
    DisputeTold,
    Fact,
    Failed,
    Paid,
    Processing,
    RefundTold,
    SessionEnded,
    Settled,
)
from payments.locks import lock_event
from payments.models import GatewayEvent, Payment


@in_one_transaction
def apply(payment: Payment, facts: Sequence[Fact], event: GatewayEvent | None = None) -> None:
    """Apply facts about a payment, and mark the event processed with their effects.

    `payment` may be stale: it only names what is locked and read anew. Raises EventTaken, with nothing done, if
    somebody else processes or has processed the event.
    """
    if event is not None:
        event = lock_event(event)
    payment, now = take_in(payment, facts)
    if event is not None:
        event.mark_processed(now, payment)


def take_in(payment: Payment, facts: Sequence[Fact]) -> tuple[Payment, datetime]:
    """Apply facts in the caller's transaction. Returns the payment as it is then, and PostgreSQL's time."""
    booking, now = lock_to_sell(payment.booking.trip_id, payment.booking_id)
    # Every writer of a payment holds its booking's lock, so this read stays true until commit.
    payment = Payment.objects.get(pk=payment.pk)
    payment.booking = booking
    paid = payment
    for fact in facts:
        is_of_money = isinstance(fact, Settled | RefundTold | DisputeTold)
        _apply_one(fact, paid if is_of_money else payment, booking, now)
        if isinstance(fact, Paid):
            paid = _paid_with(fact, payment)
    return payment, now


def _paid_with(fact: Paid, payment: Payment) -> Payment:
    """The payment that has this money, which the facts after it are about: a page that was paid twice has two."""
    if payment.intent_id == fact.intent_id:
        return payment
    named = Payment.objects.filter(booking=payment.booking, gateway=payment.gateway, intent_id=fact.intent_id)
    other = named.first()
    if other is None:
        return payment
    other.booking = payment.booking
    return other


def _apply_one(fact: Fact, payment: Payment, booking: Booking, now: datetime) -> None:
    match fact:
        case Paid():
            paying.paid(fact, payment, booking, now)
        case Settled():
            paying.settled(fact, payment)
        case RefundTold():
            refunding.told(fact, payment, booking, now)
        case DisputeTold():
            disputing.told(fact, payment, booking, now)
        case Declined(message):
            paying.declined(payment, message)
        case Processing():
            paying.processing(fact, payment, booking, now)
        case Failed():
            paying.failed(fact, payment, booking, now)
        case SessionEnded():
            paying.ended(payment, booking, now)
