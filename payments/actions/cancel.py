"""Give up a booking or some of its seats: before payment, and after it with what the policy gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from bookings.actions import release
from bookings.actions.cancel import cancel_seats
from bookings.locks import lock_booking
from bookings.models import Booking
from bookings.queries import bookings_in_full
from core.errors import InvalidState
from core.money import Money
from core.transactions import in_one_transaction
from payments.actions.abandon import abandon
from payments.effects.explaining import absorb, explain
from payments.effects.owing import owe
from payments.errors import PaymentInProgress, QuoteChanged
from payments.models import Payment, RefundReason
from payments.queries import disputes_of, open_payment, unexplained
from payments.quotes import Quote, quote


def _nothing(_booking: Booking) -> None:
    """No more to do before the commit."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants cancelled: these seats or all, for what they expect back (None: whatever it is).

    `fee`: what they expect to be kept, where they say so: an unpaid booking that is paid meanwhile, in a tier that
    gives nothing back, is given up for the same refund and not for the same fee. `in_full`: by staff or the operator,
    with everything back, whatever the policy says.
    """

    expected: Money | None = None
    seats: Sequence[str] = ()
    fee: Money | None = None
    in_full: bool = False
    cause: RefundReason = RefundReason.CANCELLED
    reason: str = ""


def cancel(booking_id: int, wish: Wish, *, before_commit: Callable[[Booking], None] = _nothing) -> Booking:
    """Cancel seats of a booking, or all of it, if what comes back is what is expected.

    An unpaid booking is given up: its session is ended at the gateway first. Of a paid one the refund is owed from the
    commit on and sent by a worker.

    Raises QuoteChanged, with the new refund and fee; InvalidState; FieldsInvalid for unknown seats; PaymentInProgress
    if money is on its way; GatewayError and GatewayUnavailable if a session could not be ended. Then nothing was
    changed.
    """
    unpaid = bookings_in_full().filter(pk=booking_id, status__in=Booking.UNPAID).first()
    if unpaid is not None:
        _offer(unpaid, timezone.now(), wish)  # what is refused leaves the session open
        _end_open_payment(booking_id)
    return _cancel(booking_id, wish, before_commit, was_unpaid=unpaid is not None)


def cancel_unpaid(booking_id: int, *, reason: str = "") -> Booking:
    """Cancel a booking if nothing was paid for it. Raises as `cancel` does."""
    _end_open_payment(booking_id)
    return _give_up(booking_id, reason)


def _end_open_payment(booking_id: int) -> None:
    of_unpaid = Payment.objects.filter(booking_id=booking_id, booking__status__in=Booking.UNPAID)
    payment = of_unpaid.filter(status__in=Payment.OPEN).first()
    if payment is not None and abandon(payment.pk).is_open:
        raise PaymentInProgress


@in_one_transaction
def _give_up(booking_id: int, reason: str) -> Booking:
    booking, _now = lock_booking(booking_id)
    if not booking.is_unpaid:
        raise InvalidState(state=booking.status)
    return _release(booking, reason)


def _release(booking: Booking, reason: str) -> Booking:
    if open_payment(booking) is not None:
        raise PaymentInProgress
    release.give_up(booking, reason=reason)
    return booking


@in_one_transaction
def _cancel(booking_id: int, wish: Wish, before_commit: Callable[[Booking], None], *, was_unpaid: bool) -> Booking:
    booking, now = lock_booking(booking_id)
    offer = _offer(booking, now, wish)
    if wish.expected is not None and was_unpaid != booking.is_unpaid:
        # Nobody who gives an unpaid booking up agrees to what is kept of one that was paid in this moment.
        raise _changed(offer)
    if booking.is_unpaid:
        _release(booking, wish.reason)
    else:
        _give_back(booking, offer, wish)
    before_commit(booking)
    return booking


def _offer(booking: Booking, now: datetime, wish: Wish) -> Quote:
    """What comes back, if it is what is expected. Raises as `quote` does, and QuoteChanged."""
    offer = quote(booking, now, wish.seats, in_full=wish.in_full)
    if wish.expected not in (None, offer.refund) or wish.fee not in (None, offer.fee):
        raise _changed(offer)
    return offer


def _changed(offer: Quote) -> QuoteChanged:
    return QuoteChanged(refund=offer.refund.to_json(), fee=offer.fee.to_json())


def _give_back(booking: Booking, offer: Quote, wish: Wish) -> None:
    cancel_seats(booking, offer.shares, covered=offer.covered, reason=wish.reason, by_bank=offer.by_bank)
    # What went back beforehand, by a dispute or by the gateway's own hand, turns out to have been for these seats.
    owed = sum(share.back for share in offer.shares)
    explain(disputes_of(booking), min(offer.by_bank, owed))
    absorb(disputes_of(booking), max(0, offer.by_bank - owed))
    explain(unexplained(booking), offer.covered.get("suspense", 0))
    owe(booking, offer.refund.amount, reason=wish.cause, note=wish.reason)
