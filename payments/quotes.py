"""What somebody would get back now, for some or all seats of a booking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bookings import policy
from bookings.models import Booking, Passenger, TripStatus
from bookings.policy import Share, Tier
from core.errors import InvalidState, invalid
from core.money import Money
from payments.effects import standing
from payments.models import Dispute
from payments.queries import disputes_of, paying, unexplained


@dataclass(frozen=True)
class Quote:
    """Giving up these seats now pays `refund` back and keeps `fee` of their price; good until `expires_at`.

    `covered`: minor units by the account that they come from; what is still to be sent is `refunds:payable`. The rest
    went back already: as a courtesy, by the gateway's own hand, or `by_bank` through a dispute that was lost.
    """

    seats: tuple[str, ...]
    refund: Money
    fee: Money
    tiers: tuple[Tier, ...]
    expires_at: datetime
    shares: tuple[Share, ...]
    covered: dict[str, int]
    by_bank: int = 0


def quote(booking: Booking, now: datetime, seats: Sequence[str] | None = None, *, in_full: bool = False) -> Quote:
    """Of a loaded booking; all its seats unless some are named. `in_full`: by staff, whatever the policy says.

    Raises FieldsInvalid for seats that are not live ones of the booking; InvalidState where nothing can be given up:
    after departure, when it is over, or while a bank decides about the money or is still to give it back.
    """
    passengers = _chosen(booking, seats)
    if booking.is_unpaid:
        if len(passengers) < len(booking.live_passengers()):
            raise InvalidState("Single seats can be given up after payment.", state=booking.status)
        return _of(booking, now, tuple(Share(passenger, 0, 0, 0) for passenger in passengers), kept=0)
    _check_cancellable(booking, now)
    disputes = disputes_of(booking)
    if any(dispute.is_undecided for dispute in disputes):
        raise InvalidState("The payment is disputed: the bank decides who gets the money.", state="disputed")
    shares = tuple(policy.share(passenger, booking, now, in_full=in_full) for passenger in passengers)
    owed, price = sum(share.back for share in shares), sum(passenger.price for passenger in passengers)
    spare = [standing.spare(payment) for payment in paying(booking)]
    by_gateway, lost = _went_back(booking, disputes, short=-sum(min(0, one) for one in spare))
    # What a bank gave back counts first towards what is owed, of any seat, and only then towards what is kept.
    of_all = sum(policy.share(one, booking, now, in_full=in_full).back for one in booking.live_passengers())
    by_bank = min(owed, lost) + min(price - owed, max(0, lost - of_all))
    covered = _cover(max(0, owed - by_bank), went_back=by_gateway, spare=sum(max(0, one) for one in spare))
    return _of(booking, now, shares, kept=price - max(owed, by_bank), covered=covered, by_bank=by_bank)


def _of(
    booking: Booking,
    now: datetime,
    shares: tuple[Share, ...],
    *,
    kept: int,
    covered: Mapping[str, int] = MappingProxyType({}),
    by_bank: int = 0,
) -> Quote:
    passengers = [share.passenger for share in shares]
    return Quote(
        seats=tuple(passenger.seat.number for passenger in passengers),
        refund=Money(covered.get("refunds:payable", 0), booking.currency),
        fee=Money(kept, booking.currency),
        tiers=tuple(policy.tiers(booking, passengers)),
        expires_at=booking.expires_at if booking.is_unpaid else policy.changes_at(booking, passengers, now),
        shares=shares,
        covered=dict(covered),
        by_bank=by_bank,
    )


def _chosen(booking: Booking, seats: Sequence[str] | None) -> list[Passenger]:
    live = booking.live_passengers()
    if not seats:
        if not live:
            raise InvalidState("The booking is over.", state=booking.status)
        return live
    if unknown := set(seats) - {passenger.seat.number for passenger in live}:
        raise invalid("seats", "unknown", f"No live passenger of this booking has seat {', '.join(sorted(unknown))}.")
    return [passenger for passenger in live if passenger.seat.number in set(seats)]


def _check_cancellable(booking: Booking, now: datetime) -> None:
    if booking.status != "confirmed":
        raise InvalidState(state=booking.status)
    if booking.boarding.departs_at <= now and booking.trip.status != TripStatus.CANCELLED:
        raise InvalidState("The trip has left.", state=booking.status)


def _went_back(booking: Booking, disputes: Sequence[Dispute], *, short: int) -> tuple[int, int]:
    """Minor units that went back by the gateway's own hand and through banks, and nobody has said what for.

    Less what refunds that failed are `short` of: that was for them.
    """
    by_gateway = sum(refund.unexplained_amount for refund in unexplained(booking))
    by_banks = sum(dispute.unexplained_amount for dispute in disputes)
    return max(0, by_gateway - short), max(0, by_banks - max(0, short - by_gateway))


def _cover(owed: int, *, went_back: int, spare: int) -> dict[str, int]:
    """Where the money that is owed comes from: what somebody paid back at the gateway already, what can still be sent.

    What is missing then went back before as a courtesy, or is owed as one; it is none any more.
    """
    by_gateway = min(owed, went_back)
    payable = min(owed - by_gateway, spare)
    covered = {
        "refunds:payable": payable,
        "suspense": by_gateway,
        "platform:goodwill": owed - by_gateway - payable,
    }
    return {account: amount for account, amount in covered.items() if amount}
