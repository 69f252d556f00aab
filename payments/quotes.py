"""What somebody would get back now, for some or all seats of a booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings import policy
from bookings.models import Booking, Passenger, TripStatus
from bookings.policy import Share, Tier
from core.errors import InvalidState, invalid
from core.money import Money
from payments.effects import standing
from payments.models import Dispute, Payment, Refund, RefundReason, RefundStatus


@dataclass(frozen=True)
class Quote:
    """Giving up these seats now pays `refund` back and keeps `fee` of their price; good until `expires_at`.

    `covered`: minor units by the account that they come from; what is still to be sent is `refunds:payable`. The rest
    went back already, as a courtesy or by the gateway's own hand.
    """

    seats: tuple[str, ...]
    refund: Money
    fee: Money
    tiers: tuple[Tier, ...]
    expires_at: datetime
    shares: tuple[Share, ...]
    covered: dict[str, int]


def quote(booking: Booking, now: datetime, seats: Sequence[str] | None = None, *, in_full: bool = False) -> Quote:
    """Of a loaded booking; all its seats unless some are named. `in_full`: by staff, whatever the policy says.

    Raises FieldsInvalid for seats that are not live ones of the booking; InvalidState where nothing can be given up:
    after departure, when it is over, or while a bank decides about the money.
    """
    passengers = _chosen(booking, seats)
    if booking.is_unpaid:
        if len(passengers) < len(booking.live_passengers()):
            raise InvalidState("Single seats can be given up after payment.", state=booking.status)
        shares: tuple[Share, ...] = tuple(Share(passenger, 0, 0, 0) for passenger in passengers)
        nothing = Money(0, booking.currency)
        return _of(booking, now, shares, nothing, nothing, {})
    _check_cancellable(booking, now)
    disputes = Dispute.objects.filter(payment__booking=booking)
    if any(dispute.status in Dispute.WITH_THE_BANK for dispute in disputes):
        raise InvalidState("The payment is disputed: the bank decides who gets the money.", state="disputed")
    if any(dispute.is_lost for dispute in disputes):
        shares = tuple(Share(passenger, 0, 0, 0) for passenger in passengers)
    else:
        shares = tuple(policy.share(passenger, booking, now, in_full=in_full) for passenger in passengers)
    owed = sum(share.back for share in shares)
    covered = _cover(booking, owed)
    kept = sum(passenger.price for passenger in passengers) - owed
    return _of(
        booking,
        now,
        shares,
        Money(covered.get("refunds:payable", 0), booking.currency),
        Money(kept, booking.currency),
        covered,
    )


def _of(
    booking: Booking, now: datetime, shares: tuple[Share, ...], refund: Money, fee: Money, covered: dict[str, int]
) -> Quote:
    passengers = [share.passenger for share in shares]
    ends = booking.expires_at if booking.is_unpaid else policy.changes_at(booking, passengers, now)
    seats = tuple(passenger.seat.number for passenger in passengers)
    return Quote(seats, refund, fee, tuple(policy.tiers(booking, passengers)), ends, shares, covered)


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


def _cover(booking: Booking, owed: int) -> dict[str, int]:
    """Where the money that is owed comes from: what somebody paid back at the gateway already, what can still be sent.

    What is missing then went back before as a courtesy, which is none any more.
    """
    by_gateway = min(owed, sum(refund.unexplained_amount for refund in unexplained(booking)))
    payable = min(owed - by_gateway, sum(standing.left(payment) for payment in paying(booking)))
    covered = {
        "refunds:payable": payable,
        "suspense": by_gateway,
        "platform:goodwill": owed - by_gateway - payable,
    }
    return {account: amount for account, amount in covered.items() if amount}


def unexplained(booking: Booking) -> list[Refund]:
    """Refunds of the booking that were made at the gateway, as far as nobody has said what for."""
    made_there = Refund.objects.filter(payment__booking=booking, reason=RefundReason.GATEWAY, accounted=False)
    return list(made_there.exclude(status=RefundStatus.FAILED).order_by("pk"))


def paying(booking: Booking) -> list[Payment]:
    """The payments that the booking lives on, the oldest first; not those that went back by themselves."""
    paid = Payment.objects.filter(booking=booking, succeeded_at__isnull=False)
    given_back = Refund.objects.filter(payment__booking=booking, reason__in=Refund.AUTOMATIC).exclude(
        reason=RefundReason.OVERPAID
    )
    return list(paid.exclude(pk__in=given_back.values("payment_id")).order_by("succeeded_at"))
