"""What the gateway's news of a refund changes. Ours and those made at the gateway itself are told alike."""

from datetime import datetime, timedelta

from bookings.models import Booking
from core import outbox
from core.actors import current_actor
from payments import postings
from payments.effects import explaining, standing
from payments.gateways.base import RefundTold
from payments.models import Payment, Refund, RefundAttempt, RefundReason, RefundStatus

POLL = timedelta(hours=1)  # from one look at a refund under way to the next


def told(fact: RefundTold, payment: Payment, booking: Booking, now: datetime) -> None:
    """A refund stands so at the gateway. Older news, and news of an attempt that is over, change nothing.

    One of another amount is booked as it is. It does not settle ours, which is not sent again either: reconciliation
    tells people of it.
    """
    attempt = _ours(fact, payment) or _made_there(fact, payment)
    refund = attempt.refund
    if attempt.gateway_refund_id is None:
        attempt.gateway_refund_id = fact.refund_id
        attempt.is_unclear = False
        attempt.save(update_fields=["gateway_refund_id", "is_unclear"])
    if fact.moved:
        postings.refund(payment, refund, fact)
    if fact.returned:
        postings.bounce(payment, refund, fact)
    for movement in fact.settled:
        postings.settled(payment, movement)
    if attempt.is_over:
        return
    if fact.status == "failed":
        attempt.is_over, attempt.error = True, fact.error[:300]
        attempt.save(update_fields=["is_over", "error"])
        _fail(refund, fact.error)
        if refund.reason == RefundReason.GATEWAY:
            explaining.owe_again(payment, refund)
    elif fact.status == "succeeded" and fact.amount == refund.money:
        if refund.status in Refund.UNDER_WAY:
            refund.succeed(now)
            tell_paid(refund)
    elif refund.status in Refund.UNSENT:
        refund.submit(now + POLL)
    standing.show(payment, booking)


def tell_paid(refund: Refund) -> None:
    """The payer gets to know, once for each attempt: one that came back is paid again by another."""
    way = "by-hand" if refund.paid_by_hand else refund.attempts.count()
    outbox.enqueue("refund.paid", f"{refund.pk}:{way}", {"refund": refund.pk})


def refused(refund: Refund, attempt: RefundAttempt, error: str, booking: Booking) -> None:
    """The gateway will not send it: definitely nothing was paid."""
    attempt.is_over, attempt.error = True, error[:300]
    attempt.save(update_fields=["is_over", "error"])
    _fail(refund, error)
    standing.show(refund.payment, booking)


def _fail(refund: Refund, error: str) -> None:
    if refund.status == RefundStatus.FAILED or refund.paid_by_hand:
        return
    refund.fail(error)
    if refund.reason != RefundReason.GATEWAY:  # nobody was promised that one
        outbox.enqueue("refund.failed", f"{refund.pk}:{refund.attempts.count()}", {"refund": refund.pk})


def _ours(fact: RefundTold, payment: Payment) -> RefundAttempt | None:
    """The attempt that this is, of whichever name it is known by. One that was given up for lost is not ours any more:
    if the gateway paid it after all, it paid twice, and that has to be explained like any refund that it made itself.
    """
    attempts = RefundAttempt.objects.select_related("refund")
    if known := attempts.filter(gateway=payment.gateway, gateway_refund_id=fact.refund_id).first():
        return known
    waiting = attempts.filter(refund__payment=payment, gateway_refund_id=None, is_over=False)
    if fact.refund is not None and fact.attempt is not None:
        return next((one for one in waiting if fact.names(one)), None)
    if not fact.is_nameless:
        return None
    # The gateway does not tell whose it is: ours, if one that may have been sent by now has this amount; rather the one
    # that is being sent.
    may_be = waiting.filter(refund__amount=fact.amount.amount, refund__currency=fact.amount.currency).order_by("pk")
    being_sent = may_be.filter(refund__status=RefundStatus.SUBMITTING).first()
    return being_sent or may_be.filter(refund__status=RefundStatus.REQUESTED).first()


def _made_there(fact: RefundTold, payment: Payment) -> RefundAttempt:
    """Made at the gateway by hand: it is booked, whatever we would have said, and staff explain it."""
    refund = Refund.objects.create(
        payment=payment,
        amount=fact.amount.amount,
        currency=fact.amount.currency,
        reason=RefundReason.GATEWAY,
        requested_by=current_actor(),
        accounted=False,
    )
    return RefundAttempt.objects.create(
        refund=refund, number=1, gateway=payment.gateway, gateway_refund_id=fact.refund_id
    )
