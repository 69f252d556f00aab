"""The ways to pay that the sandbox offers: a card, and a bank transfer whose money arrives later."""

from dataclasses import dataclass

from sandbox.clock import now
from sandbox.store import Json
from sandbox.stripe.identifiers import new_id

CARD = "card"
BANK_TRANSFER = "customer_balance"
OFFERED = (CARD, BANK_TRANSFER)


@dataclass(frozen=True)
class Failure:
    """Why a try failed, in Stripe's words."""

    code: str
    message: str
    decline_code: str | None = None


DECLINED = Failure("card_declined", "Your card was declined.", "generic_decline")
NOT_AUTHENTICATED = Failure(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
NOT_RECEIVED = Failure(
    "payment_method_provider_decline", "The payment or setup attempt was declined by the issuer or customer."
)

CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
CARD_4242 = {
    "brand": "visa",
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": "sandboxSandbox42",
    "funding": "credit",
    "last4": "4242",
    "regulated_status": "unregulated",
}


def create(method: str, email: str | None) -> Json:
    """The payment method of one try, as `last_payment_error` shows it; it cannot be retrieved."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    body: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": address, "email": email, "name": None, "phone": None, "tax_id": None},
        "created": now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": method,
        method: {},
    }
    if method == CARD:
        body[CARD] = CARD_4242 | {
            "checks": CHECKS,
            "display_brand": "visa",
            "generated_from": None,
            "networks": {"available": ["visa"], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    return body


def details(method: str, *, secure: bool) -> Json:
    """`payment_method_details` of a charge."""
    if method != CARD:
        return {"type": method, method: {}}
    card = CARD_4242 | {
        "amount_authorized": None,
        "authorization_code": None,
        "checks": CHECKS,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"status": "unavailable"},
        "three_d_secure": _authentication() if secure else None,
        "transaction_link_id": None,
        "wallet": None,
    }
    return {"type": CARD, CARD: card}


def _authentication() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": new_id("3ds"),
        "version": "2.2.0",
    }
