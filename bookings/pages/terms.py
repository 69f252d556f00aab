"""The terms of cancellation as travellers read them before and after they pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bookings import policy
from bookings.models import Booking, Passenger
from bookings.policy import Tier


@dataclass(frozen=True)
class Terms:
    """What these seats have in common: the tiers that can still be reached, the earliest first; later nothing."""

    seats: tuple[str, ...]
    tiers: list[Tier]


def terms(booking: Booking, passengers: Iterable[Passenger], now: datetime) -> list[Terms]:
    """Seats with the same terms together, those of the first seat first."""
    groups: dict[str, list[Passenger]] = {}
    for passenger in passengers:
        groups.setdefault(repr(policy.policy_of(passenger, booking)), []).append(passenger)
    return [
        Terms(tuple(one.seat.number for one in group), _reachable(policy.tiers(booking, group), now))
        for group in groups.values()
    ]


def _reachable(tiers: list[Tier], now: datetime) -> list[Tier]:
    tiers = [tier for tier in tiers if tier.until > now]
    while tiers and not tiers[-1].percent:
        tiers.pop()
    return tiers
