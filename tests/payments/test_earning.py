"""Money is earned where the traveller boards: the operator's, our commission, and the tax within that."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings import postings as booking_postings
from bookings.actions.cancel_trip import cancel_trip
from bookings.actions.complete import complete_departed_bookings
from bookings.models import Booking, Operator, Trip
from core.money import share, without_tax
from ledger.models import JournalEntry
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.sync import sync
from tests.clock import turned_to
from tests.payments.scene import after, assert_gateway_agrees, books, buy, charge_of, fresh, leave, postings, tell_all
from tests.world import FEE, make_trip

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = "operator:OPSAR:payable"
NET = 10_000 - 1_304  # a fare without its tax


def test_a_departed_booking_is_the_operators_less_commission_and_the_tax_in_it(sandbox):
    trip = make_trip()
    Operator.objects.update(commission_bps=1_000, commission_tax_bps=1_500)
    booking, _payment = buy(sandbox, "1A", "1B", trip=trip)
    before = books()
    assert leave(booking) == {"earned": 1, "unearned": 0}
    booking = fresh(booking)
    assert booking.status == "completed"
    commission = share(2 * NET, 1_000)
    net = without_tax(commission, 1_500)
    assert postings()["1"] == {
        "travellers:unearned": 2 * NET,
        OPERATOR: -(2 * NET - commission),
        "platform:commission": -net,
        "tax:commission": -(commission - net),
    }
    entry = JournalEntry.objects.get(kind="earning")
    assert entry.reference == f"trip:{trip.pk}:booking:{booking.reference}:earned:1"
    assert entry.effective_at == booking.boarding.departs_at
    left = books()
    assert "travellers:unearned" not in left
    for untouched in ("tax:payable", "platform:booking_fees", "gateway:stripe:clearing"):
        assert left[untouched] == before[untouched]
    assert_gateway_agrees(sandbox)


def test_nothing_is_earned_before_the_travellers_own_stop_is_left(sandbox):
    trip = make_trip("A", "B", "C")
    later, _payment = buy(sandbox, "1A", trip=trip, origin="B")
    first, _payment = buy(sandbox, "1B", trip=trip)
    assert leave(first) == {"earned": 1, "unearned": 0}
    assert (fresh(first).status, fresh(later).status) == ("completed", "confirmed")
    with turned_to(later.boarding.departs_at - timedelta(seconds=5)):
        assert complete_departed_bookings() == {"earned": 0, "unearned": 0}
    assert leave(later) == {"earned": 1, "unearned": 0}


def test_told_again_it_is_nothing(sandbox):
    booking, _payment = buy(sandbox)
    leave(booking)
    before = books()
    assert leave(booking) == {"earned": 0, "unearned": 0}
    booking_postings.earned(fresh(booking))
    assert books() == before


def test_of_a_cancelled_trip_nothing_is_earned_and_all_goes_back(sandbox):
    booking, _payment = buy(sandbox)
    cancel_trip(booking.trip_id, reason="Storm")
    assert leave(booking) == {"earned": 0, "unearned": 0}
    assert fresh(booking).status == "confirmed"
    with after(booking):
        assert clear_cancelled_trips()["cleared"] == 1
    assert fresh(booking).status == "cancelled"
    assert not JournalEntry.objects.filter(kind="earning").exists()
    assert OPERATOR not in books()


def test_what_was_kept_of_cancelled_seats_was_earned_then_and_the_rest_is_earned_now(sandbox):
    Operator.objects.update(commission_bps=1_000)
    booking, _payment = buy(sandbox, "1A", "1B", "1C")
    Booking.objects.update(commission_tax_bps=1_500)
    cancel(booking.pk, Wish(seats=["1B"]))
    kept = -books()[OPERATOR]
    assert kept > 0
    leave(booking)
    live = booking.commission_bps
    left = books()
    assert "travellers:unearned" not in left
    assert -left[OPERATOR] - kept == 2 * NET - share(2 * NET, live)


def test_an_operator_is_not_paid_what_a_bank_took_before_departure(sandbox):
    booking, payment = buy(sandbox)
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], None)
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    assert leave(booking) == {"earned": 1, "unearned": 0}
    assert fresh(booking).status == "completed"
    assert not JournalEntry.objects.filter(kind="earning").exists()
    assert OPERATOR not in books()
    assert_gateway_agrees(sandbox)


def test_of_half_the_money_that_is_left_the_operator_gets_its_part(sandbox):
    booking, payment = buy(sandbox)
    half = payment.amount // 2
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], half)
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    left = -books()["travellers:unearned"]
    leave(booking)
    after_it = books()
    assert -(after_it[OPERATOR] + after_it["platform:commission"]) == left
    assert -after_it["platform:commission"] == pytest.approx(left * booking.commission_bps / 10_000, abs=1)


def test_what_a_bank_gives_back_after_departure_is_earned_at_once(sandbox):
    booking, payment = buy(sandbox)
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], None)
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    leave(booking)
    sandbox.reinstate_dispute(dispute["id"])
    tell_all(sandbox)
    left = books()
    assert "travellers:unearned" not in left
    assert "platform:chargeback_losses" not in left
    assert -(left[OPERATOR] + left["platform:commission"]) == 2 * NET
    assert -left["platform:booking_fees"] == 2 * FEE
    assert JournalEntry.objects.get(kind="earning").reference.endswith(":earned:1")
    assert_gateway_agrees(sandbox)


def test_a_dispute_lost_after_departure_takes_from_each_its_part(sandbox):
    booking, payment = buy(sandbox)
    leave(booking)
    before = books()
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], payment.amount // 2)
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    left = books()
    for account in (OPERATOR, "platform:commission", "tax:payable", "platform:booking_fees"):
        assert left[account] == pytest.approx(before[account] / 2, abs=1)
    assert "platform:chargeback_losses" not in left

    sandbox.reinstate_dispute(dispute["id"])
    tell_all(sandbox)
    fees = {"gateway:stripe:clearing", "platform:dispute_fees"}
    assert {code: amount for code, amount in books().items() if code not in fees} == {
        code: amount for code, amount in before.items() if code not in fees
    }


def test_where_the_terms_say_so_a_dispute_lost_after_departure_is_our_loss(sandbox):
    trip = make_trip()
    Operator.objects.update(bears_disputes=False)
    booking, payment = buy(sandbox, trip=trip)
    leave(booking)
    earned = books()[OPERATOR]
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], None)
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    left = books()
    assert (left[OPERATOR], left["platform:chargeback_losses"]) == (earned, payment.amount)
    sandbox.reinstate_dispute(dispute["id"])
    tell_all(sandbox)
    left = books()
    assert left[OPERATOR] == earned
    assert "platform:chargeback_losses" not in left


@pytest.mark.parametrize("bears", [True, False])
def test_who_bears_a_dispute_lost_after_departure_does_not_depend_on_the_job(sandbox, bears):
    trip = make_trip()
    Operator.objects.update(bears_disputes=bears)
    booking, payment = buy(sandbox, trip=trip)
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"], None)
    sandbox.move_dispute(dispute["id"], "lost")
    with after(booking):
        sync(payment.pk)  # the bus has left, and no job has seen it yet
    left = books()
    assert fresh(booking).status == "completed"
    assert "travellers:unearned" not in left
    assert (OPERATOR in left) is not bears
    assert left.get("platform:chargeback_losses", 0) == (0 if bears else payment.amount)


def test_one_booking_that_cannot_be_earned_keeps_no_other_from_it(sandbox, monkeypatch):
    trip = make_trip()
    bad, _payment = buy(sandbox, "1A", trip=trip)
    good, _payment = buy(sandbox, "1B", trip=trip)
    real = booking_postings.earned

    def stumbles(booking: Booking) -> None:
        if booking.pk == bad.pk:
            raise RuntimeError("a stone")
        real(booking)

    monkeypatch.setattr(booking_postings, "earned", stumbles)
    assert leave(bad) == {"earned": 1, "unearned": 1}
    assert (fresh(bad).status, fresh(good).status) == ("confirmed", "completed")
    monkeypatch.setattr(booking_postings, "earned", real)
    assert leave(bad) == {"earned": 1, "unearned": 0}
    assert "travellers:unearned" not in books()


@settings(max_examples=300)
@given(st.integers(1, 10**9), st.integers(0, 10_000), st.integers(0, 10_000))
def test_parts_of_what_is_earned_sum_to_it_whatever_the_rates(amount, commission_bps, tax_bps):
    booking = Booking(commission_tax_bps=tax_bps)
    booking.trip = Trip(operator=Operator(code="X"))
    commission = share(amount, commission_bps)
    lines = booking_postings._shared_out(booking, amount, commission)
    assert sum(line.amount for line in lines) == 0
    assert all(line.amount <= 0 for line in lines[1:])
