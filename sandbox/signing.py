"""Where webhooks go, and the signature that proves they come from here."""

import hashlib
import hmac
import time
from dataclasses import dataclass


@dataclass
class Endpoint:
    """The receiver of the webhooks: its address and the secret that it knows."""

    url: str
    secret: str

    def signature(self, body: bytes, timestamp: int | None = None) -> str:
        """The value of `Stripe-Signature`: https://docs.stripe.com/webhooks#verify-manually. Now unless told when."""
        moment = int(time.time()) if timestamp is None else timestamp
        digest = hmac.new(self.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={moment},v1={digest}"
