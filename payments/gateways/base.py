"""What every gateway does for us, and the facts that it tells. Facts only add up; their order does not matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from core.money import Money
from payments.models import GatewayEvent, Payment


@dataclass(frozen=True)
class Paid:
    """The gateway has this money."""

    intent_id: str
    charge_id: str
    received: Money


@dataclass(frozen=True)
class FeeTaken:
    """The gateway kept a fee of a charge; `transaction_id` names the line of its balance."""

    transaction_id: str
    charge_id: str
    intent_id: str
    fee: Money


@dataclass(frozen=True)
class Declined:
    """A try failed; the traveller may try again in the same session."""

    message: str


@dataclass(frozen=True)
class Processing:
    """The traveller has done their part; the money comes later, or does not."""


@dataclass(frozen=True)
class Failed:
    """The session came to an end without money."""

    message: str


@dataclass(frozen=True)
class SessionEnded:
    """The session takes no money any more, and took none."""


Fact = Paid | FeeTaken | Declined | Processing | Failed | SessionEnded


@dataclass(frozen=True)
class Session:
    """Where the traveller pays."""

    session_id: str
    checkout_url: str


@dataclass(frozen=True)
class Report:
    """Facts about one payment, named by our own id or by the gateway's."""

    facts: tuple[Fact, ...]
    payment_id: UUID | None = None
    session_id: str = ""
    intent_id: str = ""


@dataclass(frozen=True)
class IncomingEvent:
    """A verified message of the gateway."""

    event_id: str
    type: str
    api_version: str
    body: str


class Gateway(Protocol):
    """A gateway. Every method but `parameters` and `read_event` talks to it, so never inside a transaction.

    They raise GatewayUnavailable where the same call may be made again, and GatewayError where it was refused.
    """

    name: str

    def parameters(self, payment: Payment) -> dict[str, Any]:
        """All that `start` will send: kept with the payment, so that every repeat sends the same."""

    def start(self, payment: Payment) -> Session:
        """Open a session, or get the one that an earlier call for this payment opened."""

    def report(self, payment: Payment) -> tuple[Fact, ...]:
        """What the gateway knows of a payment now."""

    def end(self, payment: Payment) -> tuple[Fact, ...]:
        """Close the session if it is still open; what the gateway knows after that."""

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
        """Check that a message is the gateway's. Raises WebhookRefused."""

    def report_of(self, event: GatewayEvent) -> Report | None:
        """What a stored event tells, with facts that it lacks looked up. None: nothing that we act on."""
