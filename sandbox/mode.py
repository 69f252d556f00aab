"""How the sandbox behaves beside the API: set by tests and by the control page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


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
    """

    delivery: str = "auto"
    delay_seconds: float = 0
    copies: int = 1
    order: str = "created"
    charge_updated_delay_seconds: float = 3
    settle_after_seconds: float | None = None
    answer_delay_seconds: float = 0

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


def _allowed(name: str, value: Any) -> bool:
    match name:
        case "delivery":
            return value in ("auto", "hold", "drop")
        case "order":
            return value in ("created", "shuffled")
        case "settle_after_seconds" if value is None:
            return True
        case "copies":
            return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 86_400
