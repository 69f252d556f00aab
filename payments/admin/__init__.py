"""Money on the move in the staff site: to read, and to send back through the use cases; stored events, to try again."""

from payments.admin.balance_line import BalanceTransactionAdmin
from payments.admin.dispute import DisputeAdmin
from payments.admin.finding import FindingAdmin
from payments.admin.gateway_call import GatewayCallAdmin
from payments.admin.gateway_event import GatewayEventAdmin
from payments.admin.payment import PaymentAdmin
from payments.admin.payout import PayoutAdmin
from payments.admin.reconciliation import ReconciliationRunAdmin
from payments.admin.refund import RefundAdmin

__all__ = [
    "BalanceTransactionAdmin",
    "DisputeAdmin",
    "FindingAdmin",
    "GatewayCallAdmin",
    "GatewayEventAdmin",
    "PaymentAdmin",
    "PayoutAdmin",
    "ReconciliationRunAdmin",
    "RefundAdmin",
]
