"""Where Flutterwave's webhooks go: developer.flutterwave.com/v3.0/docs/webhooks."""

import json
from dataclasses import dataclass

from sandbox.store import Json


@dataclass
class FlutterwaveEndpoint:
    """The receiver of Flutterwave's webhooks. They are not signed: each carries the secret itself."""

    url: str
    secret: str
    kind: str = "flutterwave.event"
    timeout: float = 60  # seconds for one answer

    def message(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of one try. A webhook tells no id of its own."""
        return json.dumps(event["sent"]).encode(), self.headers()

    def headers(self, secret: str | None = None) -> dict[str, str]:
        """With the endpoint's secret, unless with another."""
        return {"Content-Type": "application/json", "verif-hash": self.secret if secret is None else secret}

    def is_delivered(self, status: int) -> bool:
        """Whether the receiver's answer ends the tries: every other 2xx counts as a failure too."""
        return status == 200
