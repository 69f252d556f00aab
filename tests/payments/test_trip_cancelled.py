"""A trip that will not run: everybody is paid back in full, and a worker that dies on the way leaves the rest."""

import pytest

from bookings.actions.cancel_trip import cancel_trip
from bookings.models import SeatClaim
from core import jobs
from core.models import OutboxMessage
from payments.actions import clear_trips
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.models import Refund
from tests.database import as_owner
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, fresh, send_refunds
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


def test_everybody_is_paid_back_in_full_and_told(sandbox):
    trip = make_trip()
    paid, payment = buy(sandbox, "1A", "1B", trip=trip)
    also, _payment = buy(sandbox, "2A", trip=trip)
    held = hold_seats(trip, "3A")
    cancel_trip(trip.pk, reason="sandstorm")
    assert clear_cancelled_trips() == {"cleared": 3, "uncleared": 0}
    assert clear_cancelled_trips() == {"cleared": 0, "uncleared": 0}
    assert not SeatClaim.objects.exists()
    assert fresh(held).status == "cancelled"
    assert {refund.reason for refund in Refund.objects.all()} == {"trip_cancelled"}
    assert send_refunds()["sent"] == 2
    for booking in (fresh(paid), fresh(also)):
        assert (booking.status, booking.payment_status) == ("refunded", "refunded")
        assert booking.refunded_amount == booking.total.amount
    assert fresh(payment).status == "refunded"
    assert books().keys() == {"gateway:stripe:clearing", "platform:gateway_fees"}
    assert OutboxMessage.objects.filter(kind="booking.cancelled").count() == 3
    assert_gateway_agrees(sandbox)


def test_a_worker_that_dies_on_the_way_leaves_the_rest_to_the_next(sandbox, monkeypatch):
    trip = make_trip()
    bookings = [buy(sandbox, seat, trip=trip)[0] for seat in ("1A", "1B", "1C")]
    cancel_trip(trip.pk, reason="sandstorm")
    calls = []

    def dying(booking_id, wish):
        if len(calls) == 1:
            raise SystemExit
        calls.append(booking_id)
        return real(booking_id, wish)

    real = clear_trips.cancel
    monkeypatch.setattr(clear_trips, "cancel", dying)
    with pytest.raises(SystemExit):
        clear_cancelled_trips()
    monkeypatch.undo()
    assert [fresh(booking).status for booking in bookings] == ["cancelled", "confirmed", "confirmed"]
    assert clear_cancelled_trips()["cleared"] == 2
    assert Refund.objects.count() == 3


def test_a_trip_that_is_cancelled_after_its_time_pays_everybody_back(sandbox):
    booking, payment = buy(sandbox, "1A")
    with as_owner() as cursor:
        cursor.execute(
            "UPDATE bookings_tripstop SET arrives_at = arrives_at - interval '9 days',"
            " departs_at = departs_at - interval '9 days', sales_end_at = sales_end_at - interval '9 days'"
        )
    assert clear_cancelled_trips() == {"cleared": 0, "uncleared": 0}
    cancel_trip(booking.trip_id, reason="it never came")
    assert clear_cancelled_trips()["cleared"] == 1
    send_refunds()
    assert fresh(payment).status == "refunded"


def test_money_that_comes_for_a_cancelled_trip_goes_back(sandbox):
    trip = make_trip()
    booking = hold_seats(trip, "1A")
    payment = start_payment(booking.pk).payment
    sandbox.pay(payment.session_id)
    cancel_trip(trip.pk, reason="sandstorm")
    # The gateway is asked before the booking is given up: the money is there, and is owed back.
    clear_cancelled_trips()
    assert sync(payment.pk).is_paid
    clear_cancelled_trips()
    (refund,) = Refund.objects.all()
    assert (refund.reason, refund.amount) == ("late", payment.amount)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/balance")
    sync(payment.pk)
    send_refunds()
    assert fresh(payment).status == "refunded"
    assert fresh(booking).status == "cancelled"
    assert_gateway_agrees(sandbox)


def test_one_booking_that_cannot_be_cleared_holds_up_no_other(sandbox):
    trip = make_trip()
    disputed, payment = buy(sandbox, "1A", trip=trip)
    other, _payment = buy(sandbox, "1B", trip=trip)
    sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/dispute")
    sync(payment.pk)
    cancel_trip(trip.pk, reason="sandstorm")
    assert clear_cancelled_trips() == {"cleared": 1, "uncleared": 1}
    assert (fresh(disputed).status, fresh(other).status) == ("confirmed", "cancelled")


def test_one_booking_that_fails_unexpectedly_holds_up_no_refund(sandbox, monkeypatch):
    trip = make_trip()
    broken, _payment = buy(sandbox, "1A", trip=trip)
    other, _payment = buy(sandbox, "1B", trip=trip)
    owed, payment = buy(sandbox, "1A", trip=make_trip(number="T2"))
    cancel(owed.pk, Wish(in_full=True))
    cancel_trip(trip.pk, reason="sandstorm")
    real = clear_trips.cancel
    monkeypatch.setattr(clear_trips, "cancel", lambda pk, wish: 1 / 0 if pk == broken.pk else real(pk, wish))
    done = jobs.run("process_refunds")
    assert (done["cleared"], done["uncleared"], done["sent"]) == (1, 1, 2)
    assert (fresh(broken).status, fresh(other).status) == ("confirmed", "refunded")
    assert fresh(payment).status == "refunded"
