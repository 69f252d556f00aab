"""Where Stripe's events go, and the signature that proves they come from here."""

import hashlib
import hmac
import json
from dataclasses import dataclass

from sandbox.clock import now
from sandbox.store import Json


@dataclass
class Endpoint:
    """The receiver of Stripe's events: its address and the secret that it knows."""

    url: str
    secret: str
    kind: str = "event"
    timeout: float = 10  # seconds for one answer; Stripe publishes none

    def message(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of one try, which is signed anew."""
        body = json.dumps(event, indent=2).encode()
        return body, {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": self.signature(body),
        }

    def is_delivered(self, status: int) -> bool:
        """Whether the receiver's answer ends the tries."""
        return 200 <= status < 300

    def signature(self, body: bytes, timestamp: int | None = None) -> str:
        """The value of `Stripe-Signature`: https://docs.stripe.com/webhooks#verify-manually. Now unless told when."""
        moment = now() if timestamp is None else timestamp
        digest = hmac.new(self.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={moment},v1={digest}"
