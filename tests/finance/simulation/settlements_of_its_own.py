"""What every operator's settlements should come to, month by month (docs/decisions/0019)."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.finance.simulation.rounding import part

FARES = ("booking", "cancellation", "refund", "dispute")


@dataclass(frozen=True)
class Posted:
    """What an entry did to an operator's account, and to our commission and the tax in it; positive: they gained."""

    at: datetime
    kind: str
    operator: int
    commission: int
    tax: int

    @property
    def gross(self) -> int:
        return self.operator + self.commission + self.tax


@dataclass
class Settled:
    """A settlement and all that it takes."""

    month: date
    posted: list[Posted]
    brought: list["Settled"]
    reserve_bps: int
    status: str = "draft"
    released: bool = False

    def total(self, column: str, *kinds: str) -> int:
        """The sum of a column over lines of these kinds."""
        return sum(getattr(one, column) for one in self.posted if one.kind in kinds)

    def figures(self) -> dict[str, int]:
        """What stands on it, by the names of its columns."""
        brought = sum(one.comes_to for one in self.brought)
        of_cancellations = self.total("commission", "cancellation")
        return {
            "gross_amount": self.total("gross", *FARES),
            "commission_amount": self.total("commission", *FARES) - of_cancellations,
            "cancellation_commission_amount": of_cancellations,
            "tax_amount": self.total("tax", *FARES),
            "correction_amount": self.total("operator", "correction"),
            "released_amount": self.total("operator", "reserve"),
            "brought_amount": brought,
            "total_amount": self.comes_to,
            "reserve_amount": self.reserve,
        }

    @property
    def comes_to(self) -> int:
        """All of it: what the operator is paid and what is held back, or what it owes."""
        return sum(one.operator for one in self.posted) + sum(one.comes_to for one in self.brought)

    @property
    def reserve(self) -> int:
        """Held back of what was earned, and of no more than there is."""
        return part(max(0, min(self.total("operator", *FARES, "correction"), self.comes_to)), self.reserve_bps)

    @property
    def due(self) -> int:
        """What is transferred."""
        return max(0, self.comes_to) - self.reserve


@dataclass
class Earnings:
    """An operator's account: what no settlement has taken yet, and the settlements, in the order of their making."""

    unsettled: list[Posted] = field(default_factory=list)
    settlements: list[Settled] = field(default_factory=list)

    def post(self, at: datetime, kind: str, operator: int, commission: int, tax: int) -> None:
        """An entry moved the account. One that leaves it as it was is no line of it."""
        if operator:
            self.unsettled.append(Posted(at, kind, operator, commission, tax))

    def draft(self, month: date, reserve_bps: int) -> Settled | None:
        """All that was posted up to the month's end and nobody took, and debts that nobody brought forward."""
        end = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
        taken = [one for one in self.unsettled if one.at < end]
        live = [one for one in self.settlements if one.status in ("draft", "approved", "paid")]
        carried = [one for one in live if one.status == "approved" and one.comes_to < 0]
        brought = [one for one in carried if not any(one in other.brought for other in live)]
        if any(one.month == month for one in live) or not (taken or brought):
            return None
        self.unsettled = [one for one in self.unsettled if one.at >= end]
        settled = Settled(month, taken, brought, reserve_bps)
        self.settlements.append(settled)
        return settled

    def give_up(self, settled: Settled, status: str) -> None:
        """It is void, or was returned: its lines are free again."""
        settled.status = status
        self.unsettled = sorted([*settled.posted, *self.unsettled], key=lambda one: one.at)

    def release(self, month: date, reserve_months: int) -> list[Settled]:
        """What was held back so many months before this one, or earlier, and is released now."""
        until = _months_before(month, reserve_months)
        found = [
            one
            for one in self.settlements
            if one.status in ("approved", "paid") and one.month <= until and one.reserve and not one.released
        ]
        for one in found:
            one.released = True
        return found


def _months_before(month: date, months: int) -> date:
    index = month.year * 12 + month.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
