"""Give up a booking before it is paid."""

from collections.abc import Callable

from bookings.actions import release
from bookings.locks import lock_booking
from bookings.models import Booking
from core.errors import InvalidState
from core.transactions import in_one_transaction
from payments.actions.abandon import abandon
from payments.errors import PaymentInProgress
from payments.models import Payment
from payments.queries import open_payment


def _nothing(_booking: Booking) -> None:
    """No more to do before the commit."""


def cancel_unpaid(booking_id: int, *, reason: str = "", before_commit: Callable[[Booking], None] = _nothing) -> Booking:
    """Cancel an unpaid booking: its session is ended at the gateway, its seats go back on sale.

    Raises InvalidState if it is not, or turns out not to be, unpaid; PaymentInProgress if money is on its way;
    GatewayError and GatewayUnavailable if the session could not be ended. Then nothing was changed.
    """
    payment = Payment.objects.filter(booking_id=booking_id, status__in=Payment.OPEN).first()
    if payment is not None and abandon(payment.pk).is_open:
        raise PaymentInProgress
    return _give_up(booking_id, reason, before_commit)


@in_one_transaction
def _give_up(booking_id: int, reason: str, before_commit: Callable[[Booking], None]) -> Booking:
    booking, _now = lock_booking(booking_id)
    if not booking.is_unpaid:
        raise InvalidState(state=booking.status)
    if open_payment(booking) is not None:
        raise PaymentInProgress
    release.give_up(booking, reason=reason)
    before_commit(booking)
    return booking
