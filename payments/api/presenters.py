"""The API's JSON of payments."""

from typing import Any

from core.money import Money
from payments.models import Payment
from payments.quotes import Quote


def payment_json(payment: Payment) -> dict[str, Any]:
    """A payment whose booking is loaded."""

    def money(amount: int) -> dict[str, int | str]:
        return Money(amount, payment.currency).to_json()

    return {
        "id": str(payment.id),
        "booking": payment.booking.reference,
        "gateway": payment.gateway,
        "status": payment.status,
        "amount": money(payment.amount),
        "breakdown": {
            "fare": money(payment.fare_amount),
            "fees": money(payment.fee_amount),
            "tax": money(payment.tax_amount),
        },
        "checkout_url": payment.checkout_url or None,
        "expires_at": payment.booking.expires_at.isoformat(),
        "last_error": payment.last_error or None,
    }


def quote_json(quote: Quote) -> dict[str, Any]:
    """What would come back."""
    return {
        "refund": quote.refund.to_json(),
        "fee": quote.fee.to_json(),
        "policy": [
            {
                "until": tier.until.isoformat(),
                "refund_percent": tier.percent,
                "fee": Money(tier.fee, quote.refund.currency).to_json(),
                "seats": list(tier.seats),
            }
            for tier in quote.tiers
        ],
        "expires_at": quote.expires_at.isoformat(),
        "seats": list(quote.seats),
    }
