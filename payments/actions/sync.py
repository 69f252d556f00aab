"""Ask the gateway what became of a payment."""

from uuid import UUID

from payments.actions.apply import apply
from payments.errors import Overtaken
from payments.gateways import gateway
from payments.models import Payment
from payments.queries import find_payment


def sync(payment_id: UUID) -> Payment:
    """Apply what the gateway knows of a payment now, and return the payment as it is then.

    Raises GatewayError, GatewayUnavailable.
    """
    payment = find_payment(payment_id)
    try:
        _ask(payment)
    except Overtaken:
        _ask(payment)
    return find_payment(payment_id)


def _ask(payment: Payment) -> None:
    if facts := gateway(payment.gateway).report(payment):
        apply(payment, facts)
