"""What every gateway does for us, and the facts that it tells. Facts only add up; their order does not matter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.utils import timezone

from core.money import Money
from payments.models import GatewayEvent, Payment, RefundAttempt


@dataclass(frozen=True)
class BalanceLine:
    """A line of the gateway's balance. What came is positive and what went negative; so is what it kept as its fee.

    Both amounts are in the currency that the gateway settles in. `type` is the gateway's own word, `source_id` the
    charge, refund, dispute or payout that it is about.
    """

    transaction_id: str
    type: str
    amount: Money
    fee: Money
    source_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Paid:
    """The gateway has this money."""

    intent_id: str
    charge_id: str
    received: Money


@dataclass(frozen=True)
class Settled:
    """The gateway has put a movement of `of` (signed, in the currency of the payment) on its balance."""

    line: BalanceLine
    of: Money


@dataclass(frozen=True)
class RefundTold:
    """How a refund stands at the gateway.

    `status`: pending, succeeded or failed. `moved`: its amount has left the gateway's balance; `returned`: and came
    back. `refund`, `attempt` and its `mark` name ours, if the gateway was told them. `is_nameless`: it does not tell
    whether it was, so that this may be ours all the same.
    """

    refund_id: str
    status: str
    amount: Money
    moved: bool
    returned: bool = False
    error: str = ""
    refund: int | None = None
    attempt: int | None = None
    mark: str = ""
    is_nameless: bool = False
    settled: tuple[Settled, ...] = ()

    def names(self, attempt: RefundAttempt) -> bool:
        """Whether it is this attempt by name. Older ones have no mark."""
        return (self.refund, self.attempt) == (attempt.refund_id, attempt.number) and self.mark in ("", attempt.mark)


@dataclass(frozen=True)
class DisputeTold:
    """How a dispute stands at the gateway. `status` is one of DisputeStatus; `settled` its movements so far."""

    dispute_id: str
    status: str
    reason: str
    amount: Money
    respond_by: datetime | None
    settled: tuple[Settled, ...] = ()


@dataclass(frozen=True)
class Declined:
    """A try failed; the traveller may try again in the same session."""

    message: str


@dataclass(frozen=True)
class Processing:
    """The traveller has done their part; the money comes later, or does not.

    `again`: on a page that nobody can close, so perhaps after another try there had come to nothing. `as_of`: when the
    gateway was asked, if not just now.
    """

    again: bool = False
    as_of: datetime = field(default_factory=timezone.now, compare=False)


@dataclass(frozen=True)
class Failed:
    """The session came to an end without money. `as_of`: when the gateway was asked, if not just now."""

    message: str
    as_of: datetime = field(default_factory=timezone.now, compare=False)


@dataclass(frozen=True)
class SessionEnded:
    """The session takes no money any more, and took none."""


# Facts about money (Settled, RefundTold, DisputeTold) are about that of the Paid before them.
Fact = Paid | Settled | RefundTold | DisputeTold | Declined | Processing | Failed | SessionEnded


@dataclass(frozen=True)
class PayoutTold:
    """How a payout to our bank stands. `status` is one of PayoutStatus."""

    payout_id: str
    status: str
    amount: Money
    arrives_at: datetime | None
    created_at: datetime


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
    charge_id: str = ""


def unreadable(charge: Any) -> Report:
    """Of a charge that does not hold what its gateway promises: people have to look at it."""
    name = str(charge.get("id", "")) if isinstance(charge, Mapping) else ""
    return Report((), intent_id=name[:80])


@dataclass(frozen=True)
class IncomingEvent:
    """A verified message of the gateway."""

    event_id: str
    type: str
    api_version: str
    body: str


class Gateway(Protocol):
    """A gateway. Every method but `parameters` and `read_event` talks to it, so never inside a transaction.

    They raise GatewayUnavailable where the same call may be made again, GatewayError where it was refused, and
    OutcomeUnknown where nobody can say whether it was done.
    """

    name: str

    def parameters(self, payment: Payment) -> dict[str, Any]:
        """All that `start` will send: kept with the payment, so that every repeat sends the same."""

    def start(self, payment: Payment) -> Session:
        """Open a session, or get the one that an earlier call for this payment opened."""

    def report(self, payment: Payment) -> tuple[Fact, ...]:
        """What the gateway knows of a payment now, its refunds and disputes included.

        Makes no query if the payment's refunds are prefetched.
        """

    def end(self, payment: Payment) -> tuple[Fact, ...]:
        """Close the session if it is still open; what the gateway knows after that."""

    def refund(self, attempt: RefundAttempt) -> RefundTold:
        """Send money back. The payment and refund are loaded. Where the gateway can tell a repeat, it is one."""

    def find_refund(self, attempt: RefundAttempt) -> RefundTold | None:
        """What became of an attempt whose answer never came; None if the gateway knows nothing of it."""

    def refund_now(self, attempt: RefundAttempt) -> RefundTold:
        """How a refund stands whose id at the gateway is known."""

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
        """Check that a message is the gateway's. Raises WebhookRefused."""

    def report_of(self, event: GatewayEvent) -> Report | PayoutTold | None:
        """What a stored event tells, with facts that it lacks looked up. None: nothing that we act on."""

    def look_up(self, source_id: str) -> Report | None:
        """What a charge, refund or dispute is, by the gateway's id; None if it is about none of these."""

    def charges(self, since: datetime) -> Iterator[Report]:
        """Every charge that succeeded since then, each with its Paid, newest first; without facts if unreadable."""

    def lines(self, since: datetime) -> Iterator[BalanceLine]:
        """Every line of the balance since then; none where the gateway keeps no such list."""

    def payouts(self, since: datetime) -> Iterator[PayoutTold]:
        """Every payout made since then."""

    def lines_of(self, payout_id: str) -> Iterator[BalanceLine]:
        """The lines that a payout is the sum of, its own not among them."""

    def balance(self) -> dict[str, int]:
        """Minor units that the gateway holds for us, by currency; empty where it does not tell."""
