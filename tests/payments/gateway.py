"""Events of the sandbox, handed to our webhook as the gateway would."""

import json
from typing import Any

import stripe
from django.conf import settings
from django.test import Client


def signed(body: str, at: int | None = None, secret: str = "") -> str:
    """The signature header of a body."""
    return stripe.WebhookSignature.generate_signature_header(
        body, secret or settings.STRIPE_WEBHOOK_SECRETS[0], timestamp=at
    )


def send(event: dict[str, Any] | str, **headers: str) -> Any:
    """POST an event to the webhook, signed unless the caller gives headers."""
    body = event if isinstance(event, str) else json.dumps(event)
    return Client(raise_request_exception=False).post(
        "/webhooks/stripe", body, content_type="application/json", headers=headers or {"Stripe-Signature": signed(body)}
    )


def send_all(sandbox: Any, *kinds: str) -> list[Any]:
    """Send the sandbox's events, all in order or only those of these types in this order."""
    events = sandbox.state["events"]
    chosen = [event for kind in kinds for event in events if event["type"] == kind] if kinds else events
    return [send(event) for event in chosen]
