"""What can go wrong between us and a gateway."""

from core.errors import Problem


class PaymentError(Problem):
    """Root of this app's errors."""


class PaymentInProgress(PaymentError):
    """Another payment of this booking is under way and cannot be ended now."""

    code, status, title = "payment_in_progress", 409, "Another payment is under way."


class Overtaken(PaymentInProgress):
    """Other news came while the gateway was asked, and nobody knows which is newer: it has to be asked again."""


class GatewayError(PaymentError):
    """The gateway answered, and refused or answered nonsense. What was asked was not done."""

    code, status, title = "gateway_error", 502, "The payment service refused the request."


class GatewayUnavailable(PaymentError):
    """The gateway did not answer in time, or asks us to wait. The same request may be sent again.

    `retry_after`: seconds that it asks us to wait, where it said so. `key_spent`: it was definitely not done, and the
    gateway would answer the same idempotency key alike when it could be.
    """

    code, status, title = "gateway_unavailable", 503, "The payment service does not answer right now."


class OutcomeUnknown(GatewayError):
    """Whether the gateway did what was asked, nobody can say: it has to be looked up before anything else is done."""


class LeaseLost(Exception):
    """A refund was not sent, as its lease ended before it was and another worker has taken it."""


class WebhookRefused(PaymentError):
    """A message that is not from the gateway, too old, or no event. Nothing of it was stored."""

    code, status, title = "validation_error", 400, "This is no event of the gateway."


class QuoteChanged(PaymentError):
    """What would be paid back, or kept, is not what the caller expected."""

    code, status, title = "quote_changed", 409, "What comes back, or is kept, would be another than expected."


class RefundTooLarge(PaymentError):
    """More would go back than is left of the payment."""

    code, status, title = "invalid_state", 409, "That is more than is left of the payment."
