"""Stripe's webhooks: who sent them, and what they are about. https://docs.stripe.com/webhooks"""

import json
import time
from collections.abc import Mapping
from typing import Any

import stripe
from django.conf import settings

from payments.errors import WebhookRefused
from payments.gateways.base import IncomingEvent

MAX_SIGNATURE_AGE = 300  # seconds
MAX_SIGNATURE_LEAD = 60  # seconds; the SDK would accept any time in the future


def read_event(body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
    """A verified event. Raises WebhookRefused."""
    try:
        text = body.decode()
        _verify(text, headers.get("Stripe-Signature", ""))
        event = json.loads(text)
        if str(event["object"]).startswith("v2."):
            raise WebhookRefused("This is a thin event: point the endpoint at a destination of snapshot events.")
        event["data"]["object"]["object"]
        return IncomingEvent(
            _name(event["id"], 255), _name(event["type"], 80), _name(event.get("api_version") or "-", 40), text
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WebhookRefused("The body is no event.") from error


def is_ours(event: Mapping[str, Any]) -> bool:
    """Whether a verified event is about our own account, in the mode of our key.

    An endpoint may be told of connected accounts, which are named then, and of their test mode beside the live one:
    https://docs.stripe.com/connect/webhooks
    """
    is_live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    return not event.get("account") and event.get("livemode", is_live) is is_live


def _name(value: Any, longest: int) -> str:
    """An id or a name as the gateway gives them. Raises ValueError."""
    if isinstance(value, str) and 0 < len(value) <= longest and value.isascii() and value.isprintable():
        return value
    raise ValueError("This is no name.")


def _verify(text: str, header: str) -> None:
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(text, header, secret, MAX_SIGNATURE_AGE)
        except stripe.SignatureVerificationError:
            continue
        signed_at = int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
        if signed_at <= time.time() + MAX_SIGNATURE_LEAD:
            return
    raise WebhookRefused("The signature is missing, wrong, too old or of the future.")
