"""Tables of payments."""

from payments.models.dispute import DISPUTE_TRANSITIONS, Dispute, DisputeStatus
from payments.models.gateway_call import GatewayCall
from payments.models.gateway_event import GatewayEvent
from payments.models.payment import PAYMENT_TRANSITIONS, Payment, PaymentStatus
from payments.models.payout import PAYOUT_TRANSITIONS, BalanceTransaction, LineOutcome, Payout, PayoutStatus
from payments.models.reconciliation import Finding, FindingKind, Outcome, ReconciliationRun
from payments.models.refund import REFUND_TRANSITIONS, Refund, RefundAttempt, RefundReason, RefundStatus

__all__ = [
    "DISPUTE_TRANSITIONS",
    "PAYMENT_TRANSITIONS",
    "PAYOUT_TRANSITIONS",
    "REFUND_TRANSITIONS",
    "BalanceTransaction",
    "Dispute",
    "DisputeStatus",
    "Finding",
    "FindingKind",
    "GatewayCall",
    "GatewayEvent",
    "LineOutcome",
    "Outcome",
    "Payment",
    "PaymentStatus",
    "Payout",
    "PayoutStatus",
    "ReconciliationRun",
    "Refund",
    "RefundAttempt",
    "RefundReason",
    "RefundStatus",
]
