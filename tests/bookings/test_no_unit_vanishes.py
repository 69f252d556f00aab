"""However a payment is split into refunds, commissions and taxes, in whatever currency: no minor unit comes or goes."""

from dataclasses import dataclass

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import postings
from bookings.models import Booking, Operator, Passenger, Seat, Trip, TripStop
from bookings.policy import Share
from core.money import allocate, share, without_tax
from ledger.actions.post import credit, debit, post
from ledger.queries import left_of_booking

pytestmark = pytest.mark.django_db
PAYABLE = "operator:X:payable"
CLEARING = "gateway:stripe:clearing"


@dataclass(frozen=True)
class Case:
    """Prices of seats with tax, minor units; terms in basis points; of each seat what comes back, percent."""

    currency: str
    prices: list[int]
    fee: int
    tax_bps: int
    commission_bps: int
    commission_tax_bps: int
    back: list[int | None]
    given_back: list[int]  # after departure, parts of what is left in per mille


rates = st.integers(0, 10_000)
cases = st.integers(1, 5).flatmap(
    lambda seats: st.builds(
        Case,
        currency=st.sampled_from(["SAR", "NGN", "KWD", "JPY"]),
        prices=st.lists(st.integers(1, 10**9), min_size=seats, max_size=seats),
        fee=st.integers(0, 10**6),
        tax_bps=rates,
        commission_bps=rates,
        commission_tax_bps=rates,
        back=st.lists(st.none() | st.integers(0, 100), min_size=seats, max_size=seats),
        given_back=st.lists(st.integers(1, 1_000), max_size=3),
    )
)


def sold(case: Case) -> Booking:
    """A paid booking, in the books alone."""
    booking = Booking(
        pk=1, reference="ABCDEFGH", currency=case.currency, commission_bps=case.commission_bps, tax_bps=case.tax_bps,
        commission_tax_bps=case.commission_tax_bps, status="confirmed",
    )  # fmt: skip
    booking.trip, booking.boarding = Trip(pk=1, operator=Operator(code="X")), TripStop(departs_at=timezone.now())
    passengers = []
    for number, price in enumerate(case.prices, start=1):
        net = without_tax(price, case.tax_bps)
        seat = Seat(number=f"{number}A", row=number, column="A")
        passengers.append(Passenger(pk=number, seat=seat, fare_amount=net, tax_amount=price - net, fee_amount=case.fee))
    booking._prefetched_objects_cache = {"passengers": passengers}
    parts = [sum(getattr(one, f"{part}_amount") for one in passengers) for part in ("fare", "tax", "fee")]
    lines = [credit(account, part) for account, part in zip(postings.OF_BOOKING, parts, strict=True)]
    paid = [debit(CLEARING, sum(parts)), *lines]
    post(
        kind="charge", reference="stripe:pi_1:charge", currency=case.currency, lines=paid, booking_reference="ABCDEFGH"
    )
    return booking


def cancel(booking: Booking, passenger: Passenger, percent: int) -> int:
    """As the terms say; returns what goes back."""
    back = share(passenger.price, percent * 100)
    parts = allocate(back, [passenger.fare_amount, passenger.tax_amount, passenger.fee_amount])
    passenger.status = "cancelled"
    postings.seats_cancelled(booking, [Share(passenger, *parts)], covered={"refunds:payable": back}, by_bank=0)
    return back


def held(booking: Booking) -> dict[str, int]:
    """What each account holds for the booking: credits less debits."""
    return left_of_booking(booking.reference, booking.currency)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases)
def test_every_unit_that_came_in_is_somebodys(case):
    with transaction.atomic():
        booking = sold(case)
        price = -held(booking)[CLEARING]
        passengers = list(booking.passengers.all())
        owed = sum(
            cancel(booking, one, percent)
            for one, percent in zip(passengers, case.back, strict=True)
            if percent is not None
        )
        postings.earned(booking)
        after_departure = held(booking)
        assert after_departure.get(postings.UNEARNED, 0) == 0
        flown = sum(one.fare_amount for one in booking.live_passengers())
        earned = sum(after_departure.get(account, 0) for account in postings.of_commission(booking))
        assert earned >= flown
        for per_mille in case.given_back:
            left = held(booking)
            accounts = {*postings.of_commission(booking), *postings.OF_BOOKING}
            amount = sum(left.get(account, 0) for account in accounts) * per_mille // 1_000
            if amount:
                postings.given_back(booking, amount, covered={"refunds:payable": amount})
                owed += amount
        end = held(booking)
        assert sum(end.values()) == 0
        assert -end[CLEARING] == price
        assert end.get("refunds:payable", 0) == owed
        assert all(amount >= 0 for account, amount in end.items() if account != CLEARING), end
        transaction.set_rollback(True)


@settings(max_examples=500)
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=9))
def test_parts_sum_to_the_whole_and_differ_from_their_shares_by_less_than_a_unit(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    if whole := sum(weights):
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


@settings(max_examples=500)
@given(st.integers(0, 10**12), rates)
def test_tax_and_net_sum_to_the_price(price, bps):
    net = without_tax(price, bps)
    assert 0 <= net <= price
    assert abs(net * (10_000 + bps) - price * 10_000) * 2 <= 10_000 + bps
