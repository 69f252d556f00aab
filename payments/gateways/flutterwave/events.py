"""Flutterwave's webhooks: who sent them, and what they claim. https://developer.flutterwave.com/v3.0/docs/webhooks

They are not signed, tell no id of their own and prove nothing: they only say which transaction or refund to look up.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from payments.errors import WebhookRefused
from payments.gateways.base import IncomingEvent

CHARGE = "charge.completed"
REFUND = "refund"  # what a name of a refund's message begins with
_VERSION = "v3"
_LONGEST_TYPE = 80


def read_event(body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
    """A message that carries our secret. Its body is its id: the same transaction is told once pending, once paid."""
    _check_secret(headers.get("verif-hash", ""))
    try:
        text = body.decode()
        return IncomingEvent(hashlib.sha256(body).hexdigest(), _type(claims(text)), _VERSION, text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WebhookRefused("The body is no event.") from error


def claims(body: str) -> dict[str, Any]:
    """What a message says, its numbers exact. Raises ValueError, TypeError, RecursionError."""
    told = json.loads(body, parse_float=Decimal)
    if not isinstance(told, dict):
        raise TypeError("This is no object.")
    return told


def _type(told: Mapping[str, Any]) -> str:
    """A refund comes without a word that says so. Raises ValueError, KeyError."""
    if "event" not in told and "AmountRefunded" in told:
        return REFUND
    name = told["event"]
    if isinstance(name, str) and 0 < len(name) <= _LONGEST_TYPE and name.isascii() and name.isprintable():
        return name
    raise ValueError("This is no name.")


def _check_secret(given: str) -> None:
    # Each is compared, in the same time whatever is given.
    matches = [hmac.compare_digest(given.encode(), secret.encode()) for secret in settings.FLUTTERWAVE_WEBHOOK_SECRETS]
    if not any(matches):
        raise WebhookRefused("The header verif-hash is missing or wrong.")
