"""One payment against what its gateway says of it.

A fact is news exactly if applying it writes something. So it is applied, and a dry run rolls it back: nothing can be
found that would not be mended, and nothing mended that was not found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import structlog
from django.db import transaction

from bookings.locks import lock_to_sell
from core.transactions import in_one_transaction
from payments.actions.apply import take_in
from payments.actions.reconcile.asking import Answer
from payments.actions.reconcile.entries import missing_entries, other_fees, own_charge, received
from payments.actions.reconcile.findings import Found
from payments.actions.reconcile.trial import Step, Trial, tried
from payments.errors import Overtaken
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
from payments.models import FindingKind, Outcome, Payment, Refund, RefundAttempt, RefundStatus

log = structlog.get_logger(__name__)

_K = FindingKind
_ACTIONS = {
    _K.PAID_THERE: "book the payment: the seats are sold, or it goes back",
    _K.PAID_AGAIN: "book the payment: it goes back, unless the one before it did",
    _K.UNDER_WAY_THERE: "keep the seats for the payment",
    _K.DECLINED_THERE: "note the failed try",
    _K.FAILED_THERE: "end the payment",
    _K.ENDED_THERE: "end the payment",
    _K.CHARGE_NOT_POSTED: "post the charge",
    _K.FEE_NOT_POSTED: "post the fee",
    _K.CONVERSION_NOT_POSTED: "post the conversion",
    _K.REFUND_UNKNOWN: "book the refund, for staff to explain",
    _K.REFUND_DIFFERS: "take over how the refund stands",
    _K.REFUND_NOT_POSTED: "post the refund",
    _K.DISPUTE_UNKNOWN: "book the dispute",
    _K.DISPUTE_DIFFERS: "take over how the dispute stands",
    _K.DISPUTE_NOT_POSTED: "post the dispute",
}


def examine(payment: Payment, facts: Sequence[Fact], *, dry_run: bool) -> list[Found]:
    """Differences between a payment and the facts that its gateway tells; mended, unless it is a dry run."""
    if not facts and not payment.is_paid:
        return []  # nothing was heard and nothing is claimed
    return [*_at_odds(payment, facts), *_mended(payment, facts, dry_run)]


def differences(payment: Payment, answer: Answer, *, dry_run: bool) -> list[Found]:
    """The same for whatever the gateway answered; never an error."""
    if answer.refusal:
        return [odd(payment, _K.PAID_HERE if payment.is_paid else _K.UNKNOWN_THERE, answer.refusal)]
    fault = answer.fault
    try:
        if not fault:
            return examine(payment, answer.facts, dry_run=dry_run)
    except Overtaken:
        return []  # other news came meanwhile: the next run asks anew
    except Exception as error:  # whatever one payment meets, the others have their turn
        log.exception("payment_not_compared", payment=str(payment.pk))
        fault = f"{type(error).__name__}: {error}"
    return [replace(odd(payment, _K.NOT_COMPARED, fault), outcome=Outcome.FAILED)]


@in_one_transaction
def _mended(payment: Payment, facts: Sequence[Fact], dry_run: bool) -> list[Found]:  # noqa: FBT001
    lock_to_sell(payment.booking.trip_id, payment.booking_id)
    found: list[Found] = []
    written = 0
    for step in _steps(payment, facts):
        trial = tried(step.work)
        written += trial.rows
        if trial.error or (trial.rows and not step.is_part):
            found.append(_found(payment, step, trial, dry_run=dry_run))
        if trial.error:
            break  # what came after it may make no sense without it
    if dry_run or not written:
        transaction.set_rollback(True)
    return found


def _steps(payment: Payment, facts: Sequence[Fact]) -> Iterator[Step]:
    yield from missing_entries(payment, facts)
    is_paid = payment.is_paid
    charges = {fact.charge_id for fact in facts if isinstance(fact, Paid)}
    known = Payment.objects.filter(gateway=payment.gateway, charge_id__in=charges)
    unknown = charges - set(known.values_list("charge_id", flat=True))
    money: tuple[Paid, ...] = ()
    for fact in facts:
        finding, gateway_id = _name(fact, payment, is_paid=is_paid)
        # How money reached the balance is part of the news that it came.
        is_part = isinstance(fact, Settled) and fact.line.source_id in unknown
        yield Step(finding, gateway_id, partial(take_in, payment, (*money, fact)), is_part)
        if isinstance(fact, Paid):
            is_paid, money = True, (fact,) if fact.intent_id != payment.intent_id else ()


def _found(payment: Payment, step: Step, trial: Trial, *, dry_run: bool) -> Found:
    action, outcome = _ACTIONS[step.finding], Outcome.WOULD_FIX if dry_run else Outcome.FIXED
    if trial.error:
        action, outcome = f"{action}: {trial.error}", Outcome.FAILED
    return Found(subject_of(payment), step.gateway_id, step.finding, action, outcome, payment)


def subject_of(payment: Payment) -> str:
    """What findings call a payment."""
    return f"payment {payment.pk}"


# --------------------------------------------------------------------------------------------- for people to decide
def _at_odds(payment: Payment, facts: Sequence[Fact]) -> Iterator[Found]:
    """What we hold to be so and the gateway does not: no news takes that back."""
    if not payment.is_paid:
        return
    paid, here = own_charge(payment, facts), received(payment)
    if paid is None:
        yield odd(payment, _K.PAID_HERE, f"here {here.format('en')}, there nothing")
        return
    if paid.received != here:
        kind = _K.AMOUNT if paid.received.currency == here.currency else _K.CURRENCY
        yield odd(payment, kind, f"here {here.format('en')}, there {paid.received.format('en')}")
    for movement, fee in other_fees(payment, facts):
        told = f"here a fee of {fee.format('en')}, there {movement.line.fee.format('en')}"
        yield odd(payment, _K.AMOUNT, told, movement.line.transaction_id)
    told_refunds = {one.refund_id: one for one in facts if isinstance(one, RefundTold)}
    for refund in payment.refunds.all():
        for attempt in refund.attempts.all():
            if refund_id := attempt.gateway_refund_id:
                yield from _refund_at_odds(payment, refund, attempt, told_refunds.get(refund_id))
    disputes = {one.dispute_id for one in facts if isinstance(one, DisputeTold)}
    for dispute in payment.disputes.all():
        if dispute.dispute_id not in disputes:
            told = f"here a dispute of {dispute.money.format('en')}, there none"
            yield odd(payment, _K.DISPUTE_HERE, told, dispute.dispute_id)


def _refund_at_odds(
    payment: Payment, refund: Refund, attempt: RefundAttempt, fact: RefundTold | None
) -> Iterator[Found]:
    refund_id = attempt.gateway_refund_id or ""
    here = f"here refund {refund.pk} of {refund.money.format('en')}"
    if fact is None:
        yield odd(payment, _K.REFUND_HERE, f"{here}, there none", refund_id)
    elif attempt.is_over and fact.status == "succeeded":
        yield odd(payment, _K.REFUND_DIFFERS, f"{here} failed, there it was paid after all", refund_id)
    elif fact.status != "failed" and fact.amount != refund.money:
        yield odd(payment, _K.AMOUNT, f"{here}, there {fact.amount.format('en')}", refund_id)


def odd(payment: Payment, finding: FindingKind, told: str, gateway_id: str = "") -> Found:
    """A difference that only people can settle; of the payment itself, unless something of it has an id of its own."""
    gateway_id = gateway_id or payment.intent_id or payment.session_id or ""
    return Found(subject_of(payment), gateway_id, finding, told, Outcome.REPORTED, payment)


# ------------------------------------------------------------------------------------------------ what news is called
def _name(fact: Fact, payment: Payment, *, is_paid: bool) -> tuple[FindingKind, str]:
    """What this fact is called if it is news, and its id at the gateway. `is_paid`: by then."""
    session_id = payment.session_id or ""
    match fact:
        case Paid():
            return (_K.PAID_AGAIN if is_paid else _K.PAID_THERE), fact.intent_id
        case Settled(line, of):
            converted = line.amount.currency != of.currency
            return (_K.CONVERSION_NOT_POSTED if converted else _K.FEE_NOT_POSTED), line.transaction_id
        case RefundTold():
            return _name_of_refund(fact, payment), fact.refund_id
        case DisputeTold():
            return _name_of_dispute(fact, payment), fact.dispute_id
        case Processing():
            return _K.UNDER_WAY_THERE, session_id
        case Declined():
            return _K.DECLINED_THERE, session_id
        case Failed():
            return _K.FAILED_THERE, session_id
        case SessionEnded():
            return _K.ENDED_THERE, session_id


def _name_of_refund(fact: RefundTold, payment: Payment) -> FindingKind:
    for refund in payment.refunds.all():
        for attempt in refund.attempts.all():
            if attempt.gateway_refund_id == fact.refund_id:
                paid = refund.status == RefundStatus.SUCCEEDED
                agrees = {"failed": attempt.is_over, "succeeded": paid}.get(fact.status, True)
                return _K.REFUND_NOT_POSTED if agrees else _K.REFUND_DIFFERS
            if fact.names(attempt):
                return _K.REFUND_DIFFERS
    return _K.REFUND_UNKNOWN


def _name_of_dispute(fact: DisputeTold, payment: Payment) -> FindingKind:
    known = next((one for one in payment.disputes.all() if one.dispute_id == fact.dispute_id), None)
    if known is None:
        return _K.DISPUTE_UNKNOWN
    moved = {movement.line.transaction_id for movement in fact.settled if movement.of}
    agrees = (known.status, known.respond_by) == (fact.status, fact.respond_by) and moved <= known.movements.keys()
    return _K.DISPUTE_NOT_POSTED if agrees else _K.DISPUTE_DIFFERS
