"""Start a payment: commit what will be asked, ask the gateway, commit what it answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bookings.actions import release
from bookings.actions.confirm import takes_travellers
from bookings.errors import HoldExpired, PassengersIncomplete, TripClosed
from bookings.locks import lock_booking
from bookings.models import Booking, BookingStatus
from core.errors import InvalidState, Problem
from core.idempotency import Claim
from core.transactions import in_one_transaction
from payments.actions.abandon import abandon
from payments.actions.apply import apply
from payments.errors import GatewayError, PaymentInProgress
from payments.gateways import gateway
from payments.gateways.base import Session, SessionEnded
from payments.models import Payment
from payments.queries import open_payment


@dataclass(frozen=True)
class Started:
    """A payment that the traveller can go on with; `new` unless an earlier call had started it."""

    payment: Payment
    new: bool


def _nothing(_started: Started) -> None:
    """No more to do before the commit."""


def start_payment(
    booking_id: int,
    gateway_name: str = "stripe",
    *,
    return_url: str = "",
    claim: Claim | None = None,
    before_commit: Callable[[Started], None] = _nothing,
) -> Started:
    """Start paying what a booking owes, or go on with the payment that is open.

    Raises InvalidState, HoldExpired, TripClosed, PassengersIncomplete (`seats` without a name), SeatUnavailable (after
    a failed payment), PaymentInProgress, GatewayError, GatewayUnavailable. `before_commit` runs in the last
    transaction.
    """
    offered = gateway(gateway_name)
    obstacle = _other_open_payment(booking_id, gateway_name)
    if obstacle is not None and abandon(obstacle.pk).is_open:
        raise PaymentInProgress
    started = _prepare(booking_id, gateway_name, return_url, claim)
    if started.payment.session_id:
        _answer(started, before_commit)
        return started
    try:
        session = offered.start(started.payment)
    except GatewayError:
        # The same request would meet the same answer. No page was opened that anybody knows of: the next try is new.
        apply(started.payment, (SessionEnded(),))
        raise
    if refusal := _keep(started, session, before_commit):
        apply(started.payment, offered.end(started.payment))  # nobody shall pay there
        raise refusal
    return started


def _other_open_payment(booking_id: int, gateway_name: str) -> Payment | None:
    """An open payment that stands in the way: of another gateway, or one whose session is over."""
    payment = Payment.objects.filter(booking_id=booking_id, status__in=Payment.OPEN).first()
    if payment is None or (payment.gateway == gateway_name and payment.can_be_tried):
        return None
    return payment


@in_one_transaction
def _prepare(booking_id: int, gateway_name: str, return_url: str, claim: Claim | None) -> Started:
    booking, now = lock_booking(booking_id)
    _check_payable(booking, now)
    payment = open_payment(booking)
    if payment is not None:
        if payment.gateway != gateway_name or not payment.can_be_tried:
            raise PaymentInProgress
        return Started(payment, new=claim is not None and claim.subject == str(payment.pk))
    if booking.status == BookingStatus.FAILED:
        release.hold_again(booking, now)
    payment = Payment(
        booking=booking,
        gateway=gateway_name,
        currency=booking.currency,
        amount=booking.owed.amount,
        fare_amount=booking.fare_amount,
        tax_amount=booking.tax_amount,
        fee_amount=booking.fee_amount,
        return_url=return_url,
    )
    payment.parameters = gateway(gateway_name).parameters(payment)
    payment.save(force_insert=True)
    if booking.status != BookingStatus.PENDING_PAYMENT:
        booking.begin_payment()
    if claim:
        claim.point_at(str(payment.pk))
    return Started(payment, new=True)


def _check_payable(booking: Booking, now: datetime) -> None:
    if not booking.is_unpaid:
        raise InvalidState(state=booking.status)
    if booking.expires_at <= now:
        raise HoldExpired
    if not takes_travellers(booking, now):
        raise TripClosed("This trip takes nobody any more.")
    if nameless := [one.seat.number for one in booking.live_passengers() if not one.full_name]:
        raise PassengersIncomplete(seats=nameless)


@in_one_transaction
def _keep(started: Started, session: Session, before_commit: Callable[[Started], None]) -> Problem | None:
    """Store the session; returns why it is not wanted any more, if so."""
    booking, now = lock_booking(started.payment.booking_id)
    payment = Payment.objects.get(pk=started.payment.pk)
    payment.booking = started.payment.booking = booking
    payment.session_id = started.payment.session_id = session.session_id
    payment.checkout_url = started.payment.checkout_url = session.checkout_url if payment.is_open else ""
    payment.save(update_fields=["session_id", "checkout_url"])
    if booking.is_unpaid and booking.expires_at <= now:
        return HoldExpired()
    if not payment.is_open or not booking.is_unpaid:
        return InvalidState("The payment was given up meanwhile.", state=booking.status)
    before_commit(started)
    return None


@in_one_transaction
def _answer(started: Started, before_commit: Callable[[Started], None]) -> None:
    before_commit(started)
