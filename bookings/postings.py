"""The ledger entries of what is decided about bookings. Amounts are minor units of the booking's currency."""

from collections.abc import Mapping, Sequence

from bookings.commission import commission_by_passenger, commission_on
from bookings.models import Booking
from bookings.policy import Share
from ledger.actions.post import credit, debit, post
from ledger.queries import left_of_booking


def seats_cancelled(booking: Booking, shares: Sequence[Share], *, covered: Mapping[str, int]) -> None:
    """What goes back is owed from now on; what is kept of the fares is the operator's, less commission."""
    first = min(share.passenger.pk for share in shares)
    fare, tax, fee = (sum(getattr(share, part) for share in shares) for part in ("fare", "tax", "fee"))
    if fare + tax + fee:
        post(
            kind="refund_decision",
            reference=f"booking:{booking.reference}:cancelled:{first}",
            currency=booking.currency,
            lines=[
                debit("travellers:unearned", fare),
                debit("tax:payable", tax),
                debit("platform:booking_fees", fee),
                *(credit(account, amount) for account, amount in covered.items()),
            ],
            booking_reference=booking.reference,
        )
    # A bank that gave the payer everything back has left nothing to keep.
    kept_fares = sum(share.kept_fare for share in shares)
    left = left_of_booking(booking.reference, booking.currency).get("travellers:unearned", 0)
    if kept := max(0, min(kept_fares, left)):
        of_seat = commission_by_passenger(booking)
        commission = sum(
            commission_on(share.kept_fare, share.passenger.fare_amount, of_seat[share.passenger.pk])
            for share in shares
            if share.kept_fare
        )
        commission = commission_on(kept, kept_fares, commission)
        post(
            kind="cancellation_fee",
            reference=f"booking:{booking.reference}:cancelled:{first}:kept",
            currency=booking.currency,
            lines=[
                debit("travellers:unearned", kept),
                credit("platform:commission", commission),
                credit(f"operator:{booking.trip.operator.code}:payable", kept - commission),
            ],
            booking_reference=booking.reference,
        )
