"""What comes back of a seat's price when it is given up, by how long before departure that is.

A policy is a list of tiers {"hours_before", "refund_percent", "fee"?}, the earliest first: until so many hours before
departure so many percent of the whole price come back (our booking fee included), less a fixed fee a seat in minor
units. After the last tier nothing comes back. It is frozen when the seats are held: the fare's own, else the route's,
else the operator's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bookings.models import Booking, Passenger, TripStatus
from core.money import Money, allocate, minor_digits

Policy = list[dict[str, int]]


@dataclass(frozen=True)
class Tier:
    """Until then so many percent come back, less `fee` minor units a seat. `seats`: whose terms these are."""

    until: datetime
    percent: int
    fee: int
    seats: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """What becomes of one seat's price: what goes back of its fare, tax and fee, and what is kept of its fare."""

    passenger: Passenger
    fare: int
    tax: int
    fee: int

    @property
    def back(self) -> int:
        """All that goes back, minor units."""
        return self.fare + self.tax + self.fee

    @property
    def kept_fare(self) -> int:
        """What is kept of the fare, minor units."""
        return self.passenger.fare_amount - self.fare


def policy_of(passenger: Passenger, booking: Booking) -> Policy:
    """The terms of one seat."""
    own: Policy | None = passenger.cancellation_policy
    return booking.cancellation_policy if own is None else own


def tiers(booking: Booking, passengers: Iterable[Passenger]) -> list[Tier]:
    """The terms of these seats, the earliest first; seats with the same terms share their tiers."""
    groups: dict[str, tuple[Policy, list[str]]] = {}
    for passenger in passengers:
        policy = policy_of(passenger, booking)
        groups.setdefault(repr(policy), (policy, []))[1].append(passenger.seat.number)
    found = [
        Tier(_until(tier, booking), tier["refund_percent"], tier.get("fee", 0), tuple(seats))
        for policy, seats in groups.values()
        for tier in policy
    ]
    return sorted(found, key=lambda tier: tier.until)


def share(passenger: Passenger, booking: Booking, now: datetime, *, in_full: bool = False) -> Share:
    """What goes back for one seat now; `in_full`, or if the trip is cancelled, all of it."""
    back = passenger.price
    if not in_full and booking.trip.status != TripStatus.CANCELLED:
        back = _by_policy(passenger, booking, now)
    fare, tax, fee = allocate(back, [passenger.fare_amount, passenger.tax_amount, passenger.fee_amount])
    return Share(passenger, fare, tax, fee)


def changes_at(booking: Booking, passengers: Iterable[Passenger], now: datetime) -> datetime:
    """Until when the present terms hold."""
    moments = [tier.until for tier in tiers(booking, passengers) if tier.until > now]
    return min([*moments, booking.boarding.departs_at])


def back_for_no_show(passenger: Passenger, booking: Booking) -> int:
    """What goes back of the price of a seat that stayed empty, minor units; the rest is what that costs."""
    return payable(_part(passenger.price, booking.no_show_refund_percent), booking.currency)


def _by_policy(passenger: Passenger, booking: Booking, now: datetime) -> int:
    for tier in policy_of(passenger, booking):
        if now < _until(tier, booking):
            whole = _part(passenger.price, tier["refund_percent"])
            return payable(min(max(0, whole - tier.get("fee", 0)), passenger.price), booking.currency)
    return 0


def _part(price: int, percent: int) -> int:
    return (price * percent * 2 + 100) // 200  # half up


def payable(amount: int, currency: str) -> int:
    """Down to what gateways take: steps of ten in currencies of three decimals."""
    return amount - amount % 10 if minor_digits(currency) == 3 else amount


def _until(tier: Mapping[str, Any], booking: Booking) -> datetime:
    return booking.boarding.departs_at - timedelta(hours=tier["hours_before"])


def total(shares: Iterable[Share], currency: str) -> Money:
    """All that goes back."""
    return Money(sum(share.back for share in shares), currency)
