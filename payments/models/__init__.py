"""Tables of payments."""

from payments.models.gateway_event import GatewayEvent
from payments.models.payment import PAYMENT_TRANSITIONS, Payment, PaymentStatus
from payments.models.refund import REFUND_TRANSITIONS, Refund, RefundReason, RefundStatus

__all__ = [
    "PAYMENT_TRANSITIONS",
    "REFUND_TRANSITIONS",
    "GatewayEvent",
    "Payment",
    "PaymentStatus",
    "Refund",
    "RefundReason",
    "RefundStatus",
]
