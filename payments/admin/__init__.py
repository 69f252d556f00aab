"""Money on the move in the staff site, to read; and stored events, to try again."""

from payments.admin.gateway_event import GatewayEventAdmin
from payments.admin.payment import PaymentAdmin
from payments.admin.refund import RefundAdmin

__all__ = ["GatewayEventAdmin", "PaymentAdmin", "RefundAdmin"]
