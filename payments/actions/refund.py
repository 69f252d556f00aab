"""Send money back: under a lease, so that however many workers there are, the gateway is asked once.

The lease is committed before the gateway is asked. An attempt that was there before the lease may have been made,
whatever was heard of it: the gateway is asked what it knows of it before anything is sent again. Another attempt, with
a number and an idempotency key of its own, is made only when the last one definitely came to nothing. A worker who
slept sends nothing once another has its lease: it is renewed as the call is noted down, just before it is made.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError
from django.db.models import QuerySet

from bookings.locks import lock_booking
from core.clock import BerthNow
from core.transactions import in_one_transaction, violated
from payments.actions.apply import apply
from payments.effects import refunding
from payments.errors import GatewayError, GatewayUnavailable, LeaseLost, OutcomeUnknown
from payments.gateways import gateway
from payments.gateways.base import RefundTold
from payments.models import Refund, RefundAttempt, RefundStatus

log = structlog.get_logger(__name__)

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)  # money that is owed is never given up
_BATCH = 200


@dataclass(frozen=True)
class Leased:
    """An attempt that this worker alone makes now; `again` if it is older than the lease, so may have been made."""

    attempt: RefundAttempt
    again: bool


def process_due_refunds() -> dict[str, int]:
    """Send every refund that is due and look at those under way.

    Returns {"sent": n, "asked": n (under way already), "failed": n (the gateway refused), "waiting": n (not reached),
    "skipped": n (somebody else is at it)}.
    """
    counts = {"sent": 0, "asked": 0, "failed": 0, "waiting": 0, "skipped": 0}
    last: tuple[datetime, int] | None = None
    while batch := _due_after(last):
        for _due_at, refund_id, status in batch:
            try:
                counts[_ask(refund_id) if status == RefundStatus.SUBMITTED else submit(refund_id)] += 1
            except Exception:  # whatever one refund meets, the others have their turn
                log.exception("refund_not_sent", refund=refund_id)
                counts["waiting"] += 1
        last = batch[-1][:2]
    return counts


def _due_after(last: tuple[datetime, int] | None) -> list[tuple[datetime, int, str]]:
    due = Refund.objects.filter(status__in=Refund.UNDER_WAY, due_at__lte=BerthNow()).order_by("due_at", "id")
    if last:
        due = due.filter(due_at__gte=last[0]).exclude(due_at=last[0], id__lte=last[1])
    return list(due.values_list("due_at", "id", "status")[:_BATCH])


def submit(refund_id: int) -> str:
    """Send one refund. Returns what became of it: sent, failed, waiting or skipped."""
    leased = _leased(refund_id)
    if leased is None:
        return "skipped"
    attempt = leased.attempt
    payment = attempt.refund.payment
    try:
        told = gateway(payment.gateway).find_refund(attempt) if leased.again else None
    except (GatewayUnavailable, GatewayError) as error:
        _put_back(attempt, error)  # a lookup that is refused says nothing about the refund
        return "waiting"
    if told is None:
        return _send(attempt)
    apply(payment, (_named(told, attempt),))
    return "sent"


def _send(attempt: RefundAttempt) -> str:
    """Ask for a refund that the gateway knows nothing of."""
    payment = attempt.refund.payment
    try:
        if attempt.is_unclear:
            attempt = _next_attempt(attempt)  # the key of this one would be answered with the same error again
        told = gateway(payment.gateway).refund(attempt)
    except LeaseLost:
        return "skipped"
    except GatewayUnavailable as error:
        _put_back(attempt, error)
        return "waiting"
    except OutcomeUnknown as error:
        _unclear(attempt, error)
        return "waiting"
    except GatewayError as error:
        _refused(attempt, error)
        return "failed"
    apply(payment, (_named(told, attempt),))
    return "sent"


def _named(told: RefundTold, attempt: RefundAttempt) -> RefundTold:
    """An answer to our own question is about our own refund, whether or not the gateway repeats its name."""
    return replace(told, refund=attempt.refund_id, attempt=attempt.number, mark=attempt.mark)


def _ask(refund_id: int) -> str:
    attempt = _latest(refund_id)
    if attempt is None or not attempt.gateway_refund_id:
        return "skipped"
    payment = attempt.refund.payment
    Refund.objects.filter(pk=refund_id, status=RefundStatus.SUBMITTED).update(due_at=BerthNow() + refunding.POLL)
    try:
        told = gateway(payment.gateway).refund_now(attempt)
    except (GatewayUnavailable, GatewayError):
        return "waiting"
    apply(payment, (told,))
    return "asked"


def _leased(refund_id: int) -> Leased | None:
    try:
        return _lease(refund_id)
    except IntegrityError as error:
        if violated(error) == "refund_one_sending_per_payment":
            return None  # another one of this payment has its turn first
        raise


@in_one_transaction
def _lease(refund_id: int) -> Leased | None:
    """Take a refund that is due, for Refund.LEASE."""
    refund = (
        Refund.objects.select_for_update(no_key=True)
        .annotate(now=BerthNow())
        .filter(pk=refund_id, status__in=Refund.UNSENT, due_at__lte=BerthNow())
        .first()
    )
    if refund is None:
        return None
    until = refund.now + Refund.LEASE
    if refund.status == RefundStatus.SUBMITTING:
        Refund.objects.filter(pk=refund_id).update(due_at=until)
    else:
        refund.lease(until)
    last = _latest(refund_id)
    if last is None or last.is_over:
        return Leased(_new_attempt(refund_id, last), again=False)
    return Leased(last, again=True)


def _latest(refund_id: int) -> RefundAttempt | None:
    of_refund = RefundAttempt.objects.filter(refund_id=refund_id).order_by("-number")
    return of_refund.select_related("refund__payment__booking").first()


def _new_attempt(refund_id: int, last: RefundAttempt | None) -> RefundAttempt:
    number = last.number + 1 if last else 1
    name = Refund.objects.values_list("payment__gateway", flat=True).get(pk=refund_id)
    RefundAttempt.objects.create(refund_id=refund_id, number=number, gateway=name)
    attempt = _latest(refund_id)
    assert attempt is not None
    return attempt


@in_one_transaction
def _next_attempt(attempt: RefundAttempt) -> RefundAttempt:
    if not attempt.refund.keep_lease():
        raise LeaseLost(attempt.refund_id)
    RefundAttempt.objects.filter(pk=attempt.pk).update(is_over=True)
    return _new_attempt(attempt.refund_id, attempt)


def _leased_still(attempt: RefundAttempt) -> QuerySet[Refund]:
    """The refund, to be locked until commit; nothing if somebody else has taken it or news of it came."""
    locked = Refund.objects.select_for_update(no_key=True)
    return locked.filter(pk=attempt.refund_id, status=RefundStatus.SUBMITTING, due_at=attempt.refund.due_at)


@in_one_transaction
def _put_back(attempt: RefundAttempt, error: GatewayUnavailable | GatewayError) -> None:
    if refund := _leased_still(attempt).annotate(now=BerthNow()).first():
        pause = min(_FIRST_PAUSE * 2 ** min(refund.tries, 20), _LONGEST_PAUSE)
        wait = timedelta(seconds=error.members.get("retry_after", 0))
        refund.put_back(error=error.detail, due_at=refund.now + max(pause, wait))
    if error.members.get("key_spent"):
        unknown_there = RefundAttempt.objects.filter(pk=attempt.pk, gateway_refund_id=None)
        unknown_there.update(is_over=True, error=error.detail[:300])


@in_one_transaction
def _unclear(attempt: RefundAttempt, error: OutcomeUnknown) -> None:
    """It stays leased: when that ends, the gateway is asked what it knows."""
    RefundAttempt.objects.filter(pk=attempt.pk, gateway_refund_id=None).update(
        is_unclear=True, error=error.detail[:300]
    )
    Refund.objects.filter(pk=attempt.refund_id, status=RefundStatus.SUBMITTING).update(last_error=error.detail[:300])


@in_one_transaction
def _refused(attempt: RefundAttempt, error: GatewayError) -> None:
    booking, _now = lock_booking(attempt.refund.payment.booking_id)
    refund = _leased_still(attempt).first()
    current = RefundAttempt.objects.select_related("refund__payment").get(pk=attempt.pk)
    if refund and current.gateway_refund_id is None:  # else its webhook or another worker came first, and knows better
        refunding.refused(current.refund, current, error.detail, booking)
