"""The ledger entries of payments. Each is named by the gateway's own id, so it can be posted only once.

Amounts are minor units; which accounts stand for what is in docs/architecture.md.
"""

from core.money import Money
from ledger.actions.post import Line, credit, debit, post
from payments.gateways.base import FeeTaken, Paid
from payments.models import Payment


def charge(payment: Payment, fact: Paid, *, back: Money) -> None:
    """The gateway has money for us: what is kept is owed to the traveller's trip, `back` is owed to the payer."""
    received = fact.received
    kept: list[Line] = []
    if back.amount < received.amount:
        kept = [
            credit("travellers:unearned", payment.fare_amount),
            credit("tax:payable", payment.tax_amount),
            credit("platform:booking_fees", payment.fee_amount),
        ]
    post(
        kind="charge",
        reference=f"{payment.gateway}:{fact.intent_id}:charge",
        currency=received.currency,
        lines=[
            debit(f"gateway:{payment.gateway}:clearing", received.amount),
            *kept,
            credit("refunds:payable", back.amount),
        ],
        booking_reference=payment.booking.reference,
        gateway=payment.gateway,
        payment_intent_id=fact.intent_id,
        charge_id=fact.charge_id,
    )


def fee(payment: Payment, fact: FeeTaken) -> None:
    """The gateway kept its fee of a charge."""
    post(
        kind="fee",
        reference=f"{payment.gateway}:{fact.transaction_id}:fee",
        currency=fact.fee.currency,
        lines=[
            debit("platform:gateway_fees", fact.fee.amount),
            credit(f"gateway:{payment.gateway}:clearing", fact.fee.amount),
        ],
        booking_reference=payment.booking.reference,
        gateway=payment.gateway,
        payment_intent_id=fact.intent_id,
        charge_id=fact.charge_id,
    )
