"""What all parts of the sandbox share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.clock import CLOCK
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.flutterwave.endpoint import FlutterwaveEndpoint
from sandbox.mode import Mode
from sandbox.signing import Endpoint
from sandbox.store import Store
from sandbox.timers import Timers


@dataclass(frozen=True)
class Settings:
    """What the command line and the environment say."""

    base_url: str  # the sandbox's own address, without a slash at the end
    merchant: str  # the name on the pay page
    secret_key: str
    webhook_url: str
    webhook_secret: str
    flutterwave_secret_key: str
    flutterwave_webhook_url: str
    flutterwave_webhook_secret: str


class World:
    """The store and the machinery on it. Its methods change no gateway's objects: the nouns' own files do that."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.mode = Mode().changed(store.setting("mode") or {})
        CLOCK.ahead = store.setting("clock_ahead") or 0.0
        self.endpoint = Endpoint(settings.webhook_url, settings.webhook_secret)
        self.flutterwave_endpoint = FlutterwaveEndpoint(
            settings.flutterwave_webhook_url, settings.flutterwave_webhook_secret
        )
        self.faults = Faults()
        self.timers = Timers(store)
        self.deliveries = Deliveries(store, (self.endpoint, self.flutterwave_endpoint), lambda: self.mode)

    def change_mode(self, changes: Mapping[str, Any]) -> None:
        """Raises ModeError. What is on its way already keeps the mode that it started in."""
        self.mode = self.mode.changed(changes)
        self.store.set_setting("mode", self.mode.as_json())

    def turn_clock(self, at: float | None) -> None:
        """Let it be so late (Unix seconds), also after a restart; None: the real time. What has become due happens."""
        CLOCK.turn_to(at)
        self.store.set_setting("clock_ahead", CLOCK.ahead)
        self.timers.look_again()
        self.deliveries.look_again()

    def reset(self) -> None:
        """As if started for the first time. Deliveries on their way are called back."""
        self.deliveries.abandon()
        self.store.clear()
        CLOCK.turn_to(None)
        self.mode = Mode()
        self.faults.clear()
        self.endpoint.url = self.settings.webhook_url
        self.endpoint.secret = self.settings.webhook_secret
        self.flutterwave_endpoint.url = self.settings.flutterwave_webhook_url
        self.flutterwave_endpoint.secret = self.settings.flutterwave_webhook_secret
