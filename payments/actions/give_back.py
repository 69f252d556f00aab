"""Staff pay money back: as a courtesy, once more after a failure, or from the bank where the gateway cannot."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db.models import QuerySet

from bookings.locks import lock_booking
from bookings.models import Booking
from core.actors import current_actor
from core.errors import InvalidState, invalid
from core.money import can_be_charged
from core.transactions import in_one_transaction
from payments import postings
from payments.effects import refunding, standing
from payments.effects.explaining import explain
from payments.errors import RefundTooLarge
from payments.models import Dispute, Payment, Refund, RefundReason, RefundStatus
from payments.nudge import nudge_refunds
from payments.queries import find_payment, find_refund


@in_one_transaction
def give_courtesy(payment_id: UUID, amount: int, *, note: str) -> Refund:
    """Pay so many minor units of a payment back that nobody owes, at the platform's expense; the seats stay.

    Raises FieldsInvalid (no such amount can be sent, no reason given), InvalidState (unpaid, or with the bank),
    RefundTooLarge.
    """
    payment = find_payment(payment_id)
    booking, _at = lock_booking(payment.booking_id)
    payment = Payment.objects.get(pk=payment.pk)
    payment.booking = booking
    if not note.strip():
        raise invalid("note", "required", "Say why.")
    if not can_be_charged(amount, payment.currency):
        raise invalid("amount", "invalid", "This amount cannot be sent.")
    check_refundable(payment, amount)
    refund = Refund.objects.create(
        payment=payment,
        amount=amount,
        currency=payment.currency,
        reason=RefundReason.GOODWILL,
        note=note.strip()[:300],
        requested_by=current_actor(),
    )
    postings.goodwill(payment, refund)
    standing.show(payment, booking)
    nudge_refunds()
    return refund


def check_refundable(payment: Payment, amount: int, failed: Refund | None = None) -> None:
    """Raises InvalidState if the payment has no money to give back now, RefundTooLarge if not so much.

    `amount`: minor units of the payment's currency, that nobody is owed yet; or of a refund that failed, which is owed.
    """
    if not payment.is_paid:
        raise InvalidState("Nothing was paid.", state=payment.status)
    if payment.disputes.filter(status__in=Dispute.WITH_THE_BANK).exists():
        raise InvalidState("The payment is disputed: the bank decides who gets the money.", state="disputed")
    # Money that came in another currency than was asked for is owed back whole, by a refund of its own.
    currency = failed.currency if failed else payment.currency
    is_owed_elsewhere = payment.refunds.exclude(currency=currency).exists()
    left = 0 if is_owed_elsewhere else standing.left(payment) if failed else max(0, standing.spare(payment))
    if amount > left:
        raise RefundTooLarge(f"Only {left} minor units of the payment are left.", left=left)


@in_one_transaction
def try_again(refund_id: int, *, note: str) -> Refund:
    """Send a failed refund once more. Raises InvalidState if it has not failed, RefundTooLarge."""
    refund, payment, booking, now = _locked(refund_id)
    if refund.reason == RefundReason.GATEWAY:
        raise InvalidState("It was made at the payment service: make another one there, or here.", state=refund.status)
    check_refundable(payment, refund.amount, refund)
    refund.request_again(now, reason=note[:300])
    standing.show(payment, booking)
    nudge_refunds()
    return refund


@in_one_transaction
def pay_by_hand(refund_id: int, *, note: str) -> Refund:
    """A failed refund was transferred from our bank.

    Raises InvalidState, RefundTooLarge if so much is not left of the payment, FieldsInvalid without a note.
    """
    refund, payment, booking, now = _locked(refund_id)
    if not note.strip():
        raise invalid("note", "required", "Name the transfer.")
    if refund.reason == RefundReason.GATEWAY:
        raise InvalidState("It was made at the payment service; nobody is owed it here.", state=refund.status)
    check_refundable(payment, refund.amount, refund)
    refund.succeed(now, reason=note.strip()[:300], by_hand=True)
    postings.paid_by_hand(payment, refund)
    standing.show(payment, booking)
    refunding.tell_paid(refund)
    return refund


@in_one_transaction
def replace(refund_id: int, *, note: str) -> Refund:
    """The payer of a failed refund has the money by another way: made at the gateway, or given back by a bank.

    If a part went that way, the rest is owed still, as a refund of its own that failed. Raises InvalidState if it has
    not failed, or if nothing went back another way that nobody has explained yet.
    """
    refund, payment, booking, _at = _locked(refund_id)
    if refund.reason == RefundReason.GATEWAY:
        raise InvalidState("It was made at the payment service itself.", state=refund.status)
    by_gateway = explain(_made_there(payment), refund.amount)
    by_bank = explain(payment.disputes.all(), refund.amount - by_gateway)
    if not by_gateway + by_bank:
        raise InvalidState("Nothing has gone back another way.", state=refund.status)
    refund.replace(reason=note.strip())
    postings.replaced(payment, refund, by_gateway=by_gateway, by_bank=by_bank)
    if rest := refund.amount - by_gateway - by_bank:
        Refund.objects.create(
            payment=payment,
            amount=rest,
            currency=refund.currency,
            reason=refund.reason,
            status=RefundStatus.FAILED,
            last_error=refund.last_error,
            note=f"The rest of refund {refund.pk}.",
            requested_by=current_actor(),
        )
    standing.show(payment, booking)
    return refund


def went_another_way(refund: Refund) -> int:
    """So much, in minor units, `replace` would take off a failed refund."""
    return min(refund.amount, _another_way(refund.payment))


def _another_way(payment: Payment) -> int:
    went_back: Iterable[Refund | Dispute] = chain(_made_there(payment), payment.disputes.all())
    return sum(one.unexplained_amount for one in went_back)


def _made_there(payment: Payment) -> QuerySet[Refund]:
    return payment.refunds.filter(reason=RefundReason.GATEWAY).exclude(status=RefundStatus.FAILED)


@in_one_transaction
def account_as_courtesy(refund_id: int, *, note: str) -> Refund:
    """A refund made at the gateway was a courtesy: out of suspense, at the platform's expense.

    Raises InvalidState, also if a refund that failed could not be paid any more then: this was for that one.
    """
    refund, payment, _booking, _at = _locked(refund_id, failed=False)
    if refund.accounted or refund.status == RefundStatus.FAILED:
        raise InvalidState("It is accounted for.", state=refund.status)
    if refund.unexplained_amount > _another_way(payment) + min(0, standing.spare(payment)):
        raise InvalidState("A refund that failed is owed, and this was for it: say so there.", state=refund.status)
    refund.note = note.strip()[:300]
    postings.goodwill(payment, refund)
    refund.accounted = True
    refund.save(update_fields=["accounted", "note"])
    return refund


def _locked(refund_id: int, *, failed: bool = True) -> tuple[Refund, Payment, Booking, datetime]:
    booking, now = lock_booking(find_refund(refund_id).payment.booking_id)
    refund = find_refund(refund_id)
    payment = refund.payment
    payment.booking = booking
    if failed and refund.status != RefundStatus.FAILED:
        raise InvalidState("Only a failed refund.", state=refund.status)
    return refund, payment, booking, now
