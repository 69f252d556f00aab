"""Decisions of staff about bookings whose trip has left: who did not travel, and what goes back all the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bookings import policy, postings
from bookings.actions.cancel import tell_cancelled
from bookings.actions.complete import complete, nobody_travelled
from bookings.locks import lock_to_sell
from bookings.models import Booking, Passenger, TripStatus
from core.errors import InvalidState, NotFound, invalid
from core.money import can_be_charged
from core.transactions import in_one_transaction
from ledger.queries import left_of_booking
from payments.effects import standing
from payments.effects.explaining import explain
from payments.effects.owing import owe
from payments.errors import RefundTooLarge
from payments.models import RefundReason
from payments.queries import disputes_of, paying, unexplained

_CANCELLED = "trip_cancelled"


@dataclass(frozen=True)
class Available:
    """What can go back after departure, minor units: out of what was earned, `by_gateway` of it went back already."""

    amount: int
    by_gateway: int


@in_one_transaction
def give_back_earned(booking_id: int, amount: int, *, note: str) -> Booking:
    """Pay so many minor units of what was earned back: the operator, our commission and the taxes give their parts.

    What was paid back at the gateway already, and nobody has explained, counts first. Raises FieldsInvalid (no such
    amount, no reason), InvalidState (the trip has not left, a bank decides about the money), RefundTooLarge.
    """
    booking = _lock_after_departure(booking_id)
    if not note.strip():
        raise invalid("note", "required", "Say why.")
    if not can_be_charged(amount, booking.currency):
        raise invalid("amount", "invalid", "This amount cannot be sent.")
    left = available(booking).amount
    if amount > left:
        raise RefundTooLarge(f"Only {left} minor units can go back.", left=left)
    _give_back(booking, {"": amount}, RefundReason.AFTER_DEPARTURE, note.strip())
    return booking


@in_one_transaction
def mark_no_shows(booking_id: int, seats: Sequence[str], *, reason: str) -> Booking:
    """These passengers did not show up; what the terms give back to such goes back, as far as it is left.

    Raises FieldsInvalid for seats that are not live ones of the booking; InvalidState if the trip has not left, if one
    of them is known not to have travelled, or if something is due while a bank decides about the money.
    """
    booking = _lock_after_departure(booking_id)
    passengers = _chosen(booking, seats)
    for passenger in passengers:
        passenger.miss(reason=reason)
    if booking.status != "no_show" and nobody_travelled(booking):
        booking.miss(reason=reason)
    due = {_no_show(passenger): policy.back_for_no_show(passenger, booking) for passenger in passengers}
    if any(due.values()):
        _give_back(booking, due, RefundReason.NO_SHOW, reason)
    return booking


@in_one_transaction
def mark_travelled(booking_id: int, seats: Sequence[str], *, reason: str) -> Booking:
    """These passengers did travel after all.

    Raises FieldsInvalid for seats that are not live ones of the booking; InvalidState if the trip has not left, or if
    one of them has boarded, or if money went back because they had not.
    """
    booking = _lock_after_departure(booking_id)
    passengers = _chosen(booking, seats)
    if postings.given_back_before(booking) & {_no_show(passenger) for passenger in passengers}:
        raise InvalidState("Money went back because they had not shown up.", state=booking.status)
    for passenger in passengers:
        passenger.board(reason=reason)
    if booking.status == "no_show":
        booking.complete(reason=reason)
    return booking


def available(booking: Booking) -> Available:
    """What can still go back of a booking that is over. Raises InvalidState while a bank decides about the money."""
    if any(dispute.is_undecided for dispute in disputes_of(booking)):
        raise InvalidState("The payment is disputed: the bank decides who gets the money.", state="disputed")
    by_gateway = sum(refund.unexplained_amount for refund in unexplained(booking))
    spare = [standing.spare(payment) for payment in paying(booking)]
    by_gateway = max(0, by_gateway + sum(min(0, one) for one in spare))  # what failed refunds lack, went back for them
    held = left_of_booking(booking.reference, booking.currency)
    accounts = (*postings.of_commission(booking), *postings.OF_BOOKING)
    earned = sum(max(0, held.get(account, 0)) for account in accounts)
    return Available(min(earned, by_gateway + sum(max(0, one) for one in spare)), by_gateway)


@in_one_transaction
def give_back_cancelled(booking_id: int) -> bool:
    """The trip was cancelled after the booking's own stop was left: all that is left of what was earned goes back.

    False if it went back before, or was never earned. Raises InvalidState while a bank decides about the money.
    """
    booking = _lock_after_departure(booking_id)
    if booking.trip.status != TripStatus.CANCELLED or _CANCELLED in postings.given_back_before(booking):
        return False
    all_of_it = {_CANCELLED: available(booking).amount}
    amount = _give_back(booking, all_of_it, RefundReason.TRIP_CANCELLED, "The trip was cancelled.")
    if amount:
        tell_cancelled(booking, booking.live_passengers(), refund=amount)
    return bool(amount)


def _no_show(passenger: Passenger) -> str:
    return f"no_show:{passenger.pk}"


def _give_back(booking: Booking, parts: Mapping[str, int], reason: RefundReason, note: str) -> int:
    """Post each part by its name, as far as anything is left and can be sent; it goes as one refund. Returns the sum.

    What went back at the gateway and was not explained yet is taken first.
    """
    found = available(booking)
    left, by_gateway = found.amount, found.by_gateway
    for name, part in parts.items():
        amount = policy.payable(min(part, left), booking.currency)
        went_back = min(amount, by_gateway)
        if amount:
            covered = {"refunds:payable": amount - went_back, "suspense": went_back}
            postings.given_back(booking, amount, covered=covered, name=name)
        left, by_gateway = left - amount, by_gateway - went_back
    given, explained = found.amount - left, found.by_gateway - by_gateway
    explain(unexplained(booking), explained)
    owe(booking, given - explained, reason=reason, note=note)
    return given


def _lock_after_departure(booking_id: int) -> Booking:
    """The locked booking, completed now if no job has done it yet. Raises NotFound; InvalidState before departure."""
    trip_id = Booking.objects.filter(pk=booking_id).values_list("trip_id", flat=True).first()
    if trip_id is None:
        raise NotFound
    booking, now = lock_to_sell(trip_id, booking_id)
    complete(booking, now)
    if not booking.is_over:
        raise InvalidState("Only after departure.", state=booking.status)
    return booking


def _chosen(booking: Booking, seats: Sequence[str]) -> list[Passenger]:
    live = {passenger.seat.number: passenger for passenger in booking.live_passengers()}
    if not seats:
        raise invalid("seats", "required", "Choose at least one.")
    if unknown := sorted(set(seats) - live.keys()):
        raise invalid("seats", "unknown", f"No live passenger of this booking has seat {', '.join(unknown)}.")
    return [live[seat] for seat in dict.fromkeys(seats)]
