"""What staff decide about bookings whose trip has left: what goes back of what was earned, and who did not travel."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings import policy
from bookings.actions.cancel_trip import cancel_trip
from bookings.actions.complete import complete_departed_bookings
from bookings.models import Booking, Operator, Passenger
from core.errors import FieldsInvalid, InvalidState, NotFound
from core.models import OutboxMessage
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned, mark_no_shows, mark_travelled
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.give_back import give_courtesy
from payments.errors import RefundTooLarge
from payments.models import Refund
from tests.payments.scene import (
    after,
    assert_gateway_agrees,
    books,
    bounce,
    buy,
    charge_of,
    fresh,
    lapse_refunds,
    leave,
    send_refunds,
    tell_all,
)
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = "operator:OPSAR:payable"
NOTE = "Two hours late"
EARNED = (OPERATOR, "platform:commission", "tax:commission", "tax:payable")


@pytest.fixture
def sale(sandbox):
    """Two seats that were paid, and have left."""
    trip = make_trip()
    Operator.objects.update(commission_bps=1_000, commission_tax_bps=1_500)
    booking, payment = buy(sandbox, trip=trip)
    leave(booking)
    return fresh(booking), payment


def state() -> tuple:
    return books(), list(Refund.objects.values_list()), list(Passenger.objects.values_list("status", flat=True))


def test_each_gives_its_part_of_what_goes_back(sandbox, sale):
    booking, _payment = sale
    before = books()
    give_back_earned(booking.pk, 5_000, note=NOTE)
    left = books()
    parts = {account: left[account] - before[account] for account in EARNED}
    whole = sum(before[account] for account in EARNED)
    for account, part in parts.items():
        assert part == pytest.approx(before[account] / whole * 5_000, abs=1)
    assert sum(parts.values()) == 5_000 == -left["refunds:payable"]
    assert left["platform:booking_fees"] == before["platform:booking_fees"]
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.note) == (5_000, "after_departure", NOTE)

    send_refunds()
    tell_all(sandbox)
    assert fresh(refund).status == "succeeded"
    booking = fresh(booking)
    assert (booking.status, booking.payment_status) == ("completed", "partially_refunded")
    assert "refunds:payable" not in books()
    assert_gateway_agrees(sandbox)


def test_all_of_it_can_go_back_our_fee_last_and_no_more(sandbox, sale):
    booking, payment = sale
    with pytest.raises(RefundTooLarge) as refused:
        give_back_earned(booking.pk, payment.amount + 1, note=NOTE)
    assert refused.value.members == {"left": payment.amount}
    give_back_earned(booking.pk, payment.amount - 1_000, note=NOTE)
    assert not set(books()) & set(EARNED)
    assert books()["platform:booking_fees"] == -1_000
    give_back_earned(booking.pk, 1_000, note=NOTE)
    assert set(books()) == {"gateway:stripe:clearing", "platform:gateway_fees", "refunds:payable"}
    with pytest.raises(RefundTooLarge):
        give_back_earned(booking.pk, 1, note=NOTE)
    references = JournalEntry.objects.filter(kind="refund_decision").order_by("pk").values_list("reference", flat=True)
    assert [reference.rsplit(":", 2)[1:] for reference in references] == [["given_back", "1"], ["given_back", "2"]]


def test_one_that_bounces_is_owed_still_and_not_given_twice(sandbox, sale):
    booking, payment = sale
    sandbox.mode(refund_outcome="pending")
    give_back_earned(booking.pk, payment.amount, note=NOTE)
    send_refunds()
    bounce(sandbox, sandbox.objects("refunds")[0]["id"])
    assert Refund.objects.get().status == "failed"
    assert books()["refunds:payable"] == -payment.amount
    with pytest.raises(RefundTooLarge):
        give_back_earned(booking.pk, 1, note=NOTE)
    assert_gateway_agrees(sandbox)


def test_what_the_dashboard_paid_back_counts_first(sandbox, sale):
    booking, payment = sale
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 3_000)
    tell_all(sandbox)
    assert books()["suspense"] == 3_000
    give_back_earned(booking.pk, 5_000, note=NOTE)
    left = books()
    assert "suspense" not in left
    assert left["refunds:payable"] == -2_000
    assert not Refund.objects.filter(accounted=False).exists()


def test_a_courtesy_and_what_is_given_back_share_what_is_left_of_the_payment(sandbox, sale):
    booking, payment = sale
    give_courtesy(payment.pk, 6_000, note=NOTE)
    with pytest.raises(RefundTooLarge) as refused:
        give_back_earned(booking.pk, payment.amount - 5_999, note=NOTE)
    assert refused.value.members == {"left": payment.amount - 6_000}


@pytest.mark.parametrize(
    ("amount", "note", "error"), [(0, NOTE, FieldsInvalid), (-5, NOTE, FieldsInvalid), (100, "  ", FieldsInvalid)]
)
def test_what_makes_no_sense_is_refused_and_nothing_happens(sale, amount, note, error):
    before = state()
    with pytest.raises(error):
        give_back_earned(sale[0].pk, amount, note=note)
    assert state() == before


def test_nothing_of_it_before_departure(sandbox):
    booking, _payment = buy(sandbox)
    before = state()
    for decide in (
        lambda: give_back_earned(booking.pk, 100, note=NOTE),
        lambda: mark_no_shows(booking.pk, ["1A"], reason=NOTE),
        lambda: mark_travelled(booking.pk, ["1A"], reason=NOTE),
    ):
        with pytest.raises(InvalidState):
            decide()
    assert state() == before
    assert fresh(booking).status == "confirmed"
    with pytest.raises(NotFound):
        give_back_earned(booking.pk + 1, 100, note=NOTE)


def test_nothing_of_it_while_a_bank_decides(sandbox, sale):
    booking, payment = sale
    sandbox.dispute(charge_of(sandbox, payment)["id"], None)
    tell_all(sandbox)
    Booking.objects.update(no_show_refund_percent=50)
    before = state()
    with pytest.raises(InvalidState):
        give_back_earned(booking.pk, 100, note=NOTE)
    with pytest.raises(InvalidState):
        mark_no_shows(booking.pk, ["1A"], reason=NOTE)
    assert state() == before


def test_staff_need_not_wait_for_the_job(sandbox):
    booking, _payment = buy(sandbox)
    with after(booking):
        give_back_earned(booking.pk, 100, note=NOTE)
    assert fresh(booking).status == "completed"
    assert "travellers:unearned" not in books()


def test_who_does_not_show_up_gets_what_the_terms_give(sandbox, sale):
    booking, _payment = sale
    Booking.objects.update(no_show_refund_percent=25)
    before = books()
    mark_no_shows(booking.pk, ["1B"], reason="Seen by nobody")
    booking = fresh(booking)
    assert booking.status == "completed"
    assert {one.seat.number: one.status for one in booking.live_passengers()} == {"1A": "booked", "1B": "no_show"}
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (10_500 // 4, "no_show")
    assert sum(books()[account] - before[account] for account in EARNED) == 10_500 // 4

    mark_no_shows(booking.pk, ["1A"], reason="Nor her")
    assert fresh(booking).status == "no_show"
    with pytest.raises(InvalidState):
        mark_no_shows(booking.pk, ["1A"], reason="Again")
    with pytest.raises(InvalidState) as refused:
        mark_travelled(booking.pk, ["1A"], reason="She did")
    assert refused.value.detail == "Money went back because they had not shown up."


def test_who_stay_away_together_get_one_refund(sale):
    booking, _payment = sale
    Booking.objects.update(no_show_refund_percent=25)
    mark_no_shows(booking.pk, ["1B", "1A"], reason="Seen by nobody")
    assert Refund.objects.get().amount == 2 * (10_500 // 4)
    entries = JournalEntry.objects.filter(reference__startswith=f"booking:{booking.reference}:given_back:no_show:")
    assert entries.count() == 2, "so that each is known to have got it"


def test_no_more_goes_back_to_who_stay_away_together_than_is_left(sale):
    booking, payment = sale
    Booking.objects.update(no_show_refund_percent=100)
    give_back_earned(booking.pk, 15_000, note=NOTE)
    mark_no_shows(booking.pk, ["1A", "1B"], reason="Seen by nobody")
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [6_000, 15_000]
    assert payment.amount == 21_000
    assert not any(books().get(account, 0) for account in EARNED)


def test_by_most_terms_nothing_goes_back_and_a_mistake_can_be_mended(sale):
    booking, _payment = sale
    before = books()
    mark_no_shows(booking.pk, ["1A", "1B"], reason="Seen by nobody")
    assert fresh(booking).status == "no_show"
    assert (books(), Refund.objects.count()) == (before, 0)
    mark_travelled(booking.pk, ["1B"], reason="The driver says so")
    booking = fresh(booking)
    assert booking.status == "completed"
    assert {one.seat.number: one.status for one in booking.live_passengers()} == {"1A": "no_show", "1B": "boarded"}


def test_what_the_dashboard_paid_to_a_no_show_is_not_paid_again(sandbox, sale):
    booking, payment = sale
    Booking.objects.update(no_show_refund_percent=50)
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 5_250)
    tell_all(sandbox)
    mark_no_shows(booking.pk, ["1A"], reason="Seen by nobody")
    assert "refunds:payable" not in books()
    before = state()
    with pytest.raises(InvalidState):
        mark_travelled(booking.pk, ["1A"], reason="She did")
    assert state() == before


def test_of_a_trip_that_breaks_down_under_way_those_on_board_get_all_back_once(sandbox):
    trip = make_trip("A", "B", "C")
    on_board, paid = buy(sandbox, "1A", trip=trip)
    waiting, _payment = buy(sandbox, "1B", trip=trip, origin="B")
    with after(on_board):
        assert complete_departed_bookings() == {"earned": 1, "unearned": 0}
        cancel_trip(trip.pk, reason="Engine")
        assert clear_cancelled_trips() == {"cleared": 2, "uncleared": 0}
    assert (fresh(on_board).status, fresh(waiting).status) == ("completed", "cancelled")
    refund = Refund.objects.get(payment=paid)
    assert (refund.amount, refund.reason) == (paid.amount, "trip_cancelled")
    assert not set(books()) & {*EARNED, "travellers:unearned", "platform:booking_fees"}
    assert OutboxMessage.objects.filter(kind="booking.cancelled").count() == 2
    before = state()
    with after(on_board):
        assert clear_cancelled_trips()["cleared"] == 0
        assert state() == before
        lapse_refunds()
        send_refunds()
        tell_all(sandbox)
    assert fresh(on_board).payment_status == "refunded"
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("seats", [[], ["9Z"], ["1A", "1C"]])
def test_only_seats_of_the_booking(sale, seats):
    before = state()
    with pytest.raises(FieldsInvalid):
        mark_no_shows(sale[0].pk, seats, reason=NOTE)
    assert state() == before


@settings(max_examples=200)
@given(st.integers(0, 10**8), st.integers(0, 100), st.sampled_from(["SAR", "JPY", "KWD"]))
def test_what_the_terms_give_to_no_shows_can_be_sent_and_is_no_more_than_the_price(price, percent, currency):
    booking = Booking(no_show_refund_percent=percent, currency=currency)
    passenger = Passenger(fare_amount=price, tax_amount=0, fee_amount=0)
    back = policy.back_for_no_show(passenger, booking)
    assert 0 <= back <= price
    assert currency != "KWD" or back % 10 == 0
