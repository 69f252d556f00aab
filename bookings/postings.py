"""The ledger entries of what is decided about bookings. Amounts are minor units of the booking's currency."""

from collections.abc import Mapping, Sequence

from bookings.commission import commission_by_passenger, commission_on
from bookings.models import Booking
from bookings.policy import Share
from core.money import allocate, without_tax
from ledger.actions.post import Line, credit, debit, post
from ledger.models import JournalEntry
from ledger.queries import left_of_booking

# Where the books hold a booking's money until it is earned or given back.
UNEARNED = "travellers:unearned"
OF_BOOKING = (UNEARNED, "tax:payable", "platform:booking_fees")


def operator_account(operator_code: str, name: str = "payable") -> str:
    """An account of an operator: what it earned and was not settled (`payable`), `due`, or held back (`reserve`)."""
    return f"operator:{operator_code}:{name}"


def payable_to(booking: Booking) -> str:
    """The account of what its operator is owed."""
    return operator_account(booking.trip.operator.code)


def of_commission(booking: Booking) -> tuple[str, ...]:
    """Where the books hold what was earned of a booking's fares: the operator's, our commission and the tax in it."""
    return (payable_to(booking), "platform:commission", "tax:commission")


def earned(booking: Booking) -> None:
    """All that the books hold unearned of a booking whose travellers have left is the operator's, less commission.

    In proportion, if a bank took some of it before. Told again it is nothing, unless more has come back since.
    """
    left = left_of_booking(booking.reference, booking.currency).get(UNEARNED, 0)
    if left <= 0:
        return
    of_seat = commission_by_passenger(booking)
    live = booking.live_passengers()
    fares = sum(passenger.fare_amount for passenger in live)
    commission = sum(of_seat[passenger.pk] for passenger in live)
    before = JournalEntry.objects.filter(booking_reference=booking.reference, kind="earning").count()
    post(
        kind="earning",
        reference=f"trip:{booking.trip_id}:booking:{booking.reference}:earned:{before + 1}",
        currency=booking.currency,
        lines=_shared_out(booking, left, commission_on(min(left, fares), fares, commission)),
        booking_reference=booking.reference,
        effective_at=booking.boarding.departs_at,
    )


def given_back(booking: Booking, amount: int, *, covered: Mapping[str, int], name: str = "") -> None:
    """So much of what was earned goes back: in proportion from the operator, our commission and the taxes.

    What these do not hold comes from our booking fee. `covered` tells what it is owed as, and sums to the amount. What
    can go back once only has a `name` for that.
    """
    held = left_of_booking(booking.reference, booking.currency)
    accounts = (*of_commission(booking), "tax:payable")
    earned = [max(0, held.get(account, 0)) for account in accounts]
    taken = min(amount, sum(earned))
    parts = zip(accounts, allocate(taken, earned), strict=True)
    name = name or str(len(given_back_before(booking)) + 1)
    post(
        kind="refund_decision",
        reference=f"{_given_back(booking)}{name}",
        currency=booking.currency,
        lines=[
            *(debit(account, part) for account, part in parts),
            debit("platform:booking_fees", amount - taken),
            *(credit(account, part) for account, part in covered.items()),
        ],
        booking_reference=booking.reference,
    )


def given_back_before(booking: Booking) -> set[str]:
    """The names of what went back after departure before."""
    begins = _given_back(booking)
    of_booking = JournalEntry.objects.filter(booking_reference=booking.reference, kind="refund_decision")
    references = of_booking.filter(reference__startswith=begins).values_list("reference", flat=True)
    return {str(reference).removeprefix(begins) for reference in references}


def _given_back(booking: Booking) -> str:
    return f"booking:{booking.reference}:given_back:"


def _shared_out(booking: Booking, amount: int, commission: int) -> list[Line]:
    """So much is earned: what of it is our commission, and the tax in that, and the rest for the operator."""
    net = without_tax(commission, booking.commission_tax_bps)
    return [
        debit(UNEARNED, amount),
        credit(payable_to(booking), amount - commission),
        credit("platform:commission", net),
        credit("tax:commission", commission - net),
    ]


def seats_cancelled(booking: Booking, shares: Sequence[Share], *, covered: Mapping[str, int], by_bank: int) -> None:
    """What goes back is owed from now on; what is kept of the fares is the operator's, less commission."""
    first = min(share.passenger.pk for share in shares)
    held = left_of_booking(booking.reference, booking.currency)
    left = max(0, held.get(UNEARNED, 0))
    *owed, kept = _parts(booking, shares, by_bank, left=left)
    if sum(owed):
        post(
            kind="refund_decision",
            reference=f"booking:{booking.reference}:cancelled:{first}",
            currency=booking.currency,
            lines=[
                *_taken(owed, {**held, UNEARNED: left - kept}),
                *(credit(account, amount) for account, amount in covered.items()),
            ],
            booking_reference=booking.reference,
        )
    if kept:
        kept_fares = sum(share.kept_fare for share in shares)
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
            lines=_shared_out(booking, kept, commission),
            booking_reference=booking.reference,
        )


def _taken(owed: Sequence[int], held: Mapping[str, int]) -> list[Line]:
    """From where it comes: no account gives more than it holds for the booking.

    What a bank took from there for a refund that failed is missing then. It is our loss until somebody says so of that
    refund (payments.actions.give_back.replace).
    """
    room = [max(0, held.get(account, 0)) for account in OF_BOOKING]
    taken = [min(wanted, has) for wanted, has in zip(owed, room, strict=True)]
    rest = sum(owed) - sum(taken)
    for place, has in enumerate(room):
        more = min(rest, has - taken[place])
        taken[place] += more
        rest -= more
    parts = zip(OF_BOOKING, taken, strict=True)
    return [*(debit(account, amount) for account, amount in parts), debit("platform:chargeback_losses", rest)]


def _parts(booking: Booking, shares: Sequence[Share], by_bank: int, *, left: int) -> tuple[int, int, int, int]:
    """What is owed of fares, taxes and fees, and what is kept of the fares. `left`: what is unearned of the booking.

    What a bank took for the payer, it took from the same accounts: first of what goes back, then of what is kept. The
    last seats leave nothing unearned: what the bank took too little of there, goes back from there.
    """
    parts = [sum(getattr(share, part) for share in shares) for part in ("fare", "tax", "fee")]
    went_back = allocate(min(by_bank, sum(parts)), parts)
    fare, tax, fee = (part - gone for part, gone in zip(parts, went_back, strict=True))
    kept_fares = sum(share.kept_fare for share in shares)
    if booking.live_passengers():
        kept_rest = sum(share.passenger.price - share.back for share in shares) - kept_fares
        gone, _rest = allocate(by_bank - sum(went_back), [kept_fares, kept_rest])
        return fare, tax, fee, max(0, min(kept_fares - gone, left - fare))
    owed, kept = fare + tax + fee, min(kept_fares, left)
    fare = min(owed, left - kept)
    tax, fee = allocate(owed - fare, parts[1:])
    return fare, tax, fee, kept
