"""Give a payment up before it is paid."""

from uuid import UUID

from payments.actions.apply import apply
from payments.gateways import gateway
from payments.gateways.base import SessionEnded
from payments.models import Payment, PaymentStatus
from payments.queries import find_payment


def abandon(payment_id: UUID) -> Payment:
    """End the session at the gateway and then the payment, unless it turns out to be paid or under way.

    The booking goes back to `pending` while its hold runs. Returns the payment as it is then. Raises GatewayError,
    GatewayUnavailable: nothing was changed, as the session may still take money.
    """
    payment = find_payment(payment_id)
    if payment.status in (PaymentStatus.PENDING, PaymentStatus.FAILED):
        known_session = payment.session_id
        over = not payment.can_be_tried  # known to be at its end: there is nothing to ask
        apply(payment, (SessionEnded(),) if over else gateway(payment.gateway).end(payment))
        payment = find_payment(payment_id)
        if payment.session_id != known_session:  # it opened between our look and our lock
            apply(payment, gateway(payment.gateway).end(payment))
            payment = find_payment(payment_id)
    return payment
