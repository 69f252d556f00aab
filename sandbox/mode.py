"""How the sandbox behaves beside the API: set by tests and by the control page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sandbox.money import CURRENCIES


class ModeError(ValueError):
    """A mode that the sandbox does not know."""


@dataclass(frozen=True)
class Mode:
    """Times are seconds.

    delivery: `auto` sends each event at once, `hold` keeps it until it is released, `drop` never sends it
    delay_seconds: how long an event waits before it is sent
    copies: how often each event is sent
    order: `created`, or `shuffled`: whatever is due is sent in random order
    charge_updated_delay_seconds: from a charge to its balance transaction, which is when `charge.updated` is sent
    settle_after_seconds: a bank transfer arrives by itself after this time; null: only when somebody settles it
    answer_delay_seconds: from the effect of a POST to the API to its answer; its idempotency key is in use so long
    refund_outcome: a new refund is `succeeded`; or `pending` until somebody settles it; or `failing`, which is pending
        and then fails by itself
    settlement_currency: what the balance is kept in, whatever was charged; null: each charge's own currency
    exchange_rate: minor units of the settlement currency for one minor unit of a charge in another
    dispute_fee_returned: whether the fee comes back with the money of a dispute that was won
    flutterwave_refund_outcome: `completed` pays a refund at Flutterwave as soon as it is accepted, `pending` leaves it
        until somebody settles it, `failing` lets it fail as soon as it is accepted
    """

    delivery: str = "auto"
    delay_seconds: float = 0
    copies: int = 1
    order: str = "created"
    charge_updated_delay_seconds: float = 3
    settle_after_seconds: float | None = None
    answer_delay_seconds: float = 0
    refund_outcome: str = "succeeded"
    settlement_currency: str | None = None
    exchange_rate: float = 1
    dispute_fee_returned: bool = False
    flutterwave_refund_outcome: str = "completed"

    def changed(self, changes: Mapping[str, Any]) -> "Mode":
        """The same mode with some things different.

        Raises ModeError for an unknown name or a value out of range.
        """
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ModeError(f"There is no mode {name!r}; there are {', '.join(sorted(known))}.")
            if not _allowed(name, value):
                raise ModeError(f"{name} cannot be {value!r}.")
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


CHOICES: Mapping[str, Sequence[Any]] = {
    "delivery": ("auto", "hold", "drop"),
    "order": ("created", "shuffled"),
    "refund_outcome": ("succeeded", "pending", "failing"),
    "settlement_currency": (None, *CURRENCIES),
    "flutterwave_refund_outcome": ("completed", "pending", "failing"),
}


def _allowed(name: str, value: Any) -> bool:
    if name in CHOICES:
        return value in CHOICES[name]
    if name == "dispute_fee_returned":
        return isinstance(value, bool)
    if name == "settle_after_seconds" and value is None:
        return True
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    match name:
        case "copies":
            return isinstance(value, int) and 1 <= value <= 100
        case "exchange_rate":
            return 0 < value <= 1_000_000
        case _:
            return 0 <= value <= 86_400
