"""Money that goes back by another way than ours: counted once, whoever sent it, and owed again if it comes back."""

import pytest
from django.utils import timezone

from bookings.models import Booking
from core.errors import InvalidState, Problem
from core.money import Money
from payments.actions.apply import apply
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import account_as_courtesy, pay_by_hand, replace, try_again
from payments.actions.start import start_payment
from payments.actions.sync import sync
from payments.attention import to_see_to
from payments.effects import standing
from payments.errors import QuoteChanged, RefundTooLarge
from payments.gateways.base import BalanceLine, DisputeTold, Paid, RefundTold, Settled
from payments.models import Payment, Refund
from payments.quotes import quote
from tests.payments import flutterwave
from tests.payments.scene import (
    assert_gateway_agrees,
    books,
    bounce,
    buy,
    cancel_and_fail,
    charge_of,
    fresh,
    send_refunds,
    tell_all,
)
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale(sandbox) -> tuple[Booking, Payment]:
    return buy(sandbox)


def refund_there(sandbox, payment: Payment, amount: int | None = None) -> str:
    """Somebody pays back in the gateway's dashboard, and we hear of it. Returns the refund's id there."""
    made = sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], amount)
    tell_all(sandbox)
    return made["id"]


# ------------------------------------------------------------------------------- made at the gateway, and back again
def test_a_refund_that_paid_for_seats_is_owed_again_when_it_comes_back(sandbox, sale):
    booking, payment = sale
    made = refund_there(sandbox, payment)
    cancel(booking.pk, Wish(in_full=True))
    assert "refunds:payable" not in books()
    bounce(sandbox, made)
    assert books()["refunds:payable"] == -payment.amount
    assert "suspense" not in books()
    send_refunds()
    tell_all(sandbox)
    assert list(Refund.objects.order_by("pk").values_list("reason", "status", "amount")) == [
        ("gateway", "failed", payment.amount),
        ("cancelled", "succeeded", payment.amount),
    ]
    assert fresh(booking).status == "refunded"
    assert not Refund.objects.filter(to_see_to()).exists()
    assert_gateway_agrees(sandbox)


def test_a_courtesy_that_comes_back_is_none(sandbox, sale):
    _booking, payment = sale
    made = refund_there(sandbox, payment, 3_000)
    account_as_courtesy(Refund.objects.get().pk, note="sorry")
    assert books()["platform:goodwill"] == 3_000
    bounce(sandbox, made)
    assert not {"suspense", "platform:goodwill", "refunds:payable"} & books().keys()
    assert Refund.objects.count() == 1
    assert_gateway_agrees(sandbox)


def test_a_courtesy_that_seats_were_given_up_for_is_owed_when_it_comes_back(sandbox, sale):
    booking, payment = sale
    made = refund_there(sandbox, payment, 3_000)
    account_as_courtesy(Refund.objects.get().pk, note="sorry")
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    bounce(sandbox, made)
    assert "platform:goodwill" not in books()
    assert books()["refunds:payable"] == -3_000
    send_refunds()
    assert fresh(booking).refunded_amount == payment.amount
    assert_gateway_agrees(sandbox)


def test_one_that_comes_back_while_a_bank_has_the_money_is_for_people(sandbox, sale):
    booking, payment = sale
    made = refund_there(sandbox, payment, 11_500)
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    sandbox.dispute(charge_of(sandbox, payment)["id"], payment.amount)
    tell_all(sandbox)
    bounce(sandbox, made)
    owed = Refund.objects.get(reason="cancelled")
    assert (owed.status, owed.amount, books()["refunds:payable"]) == ("failed", 10_500, -10_500)
    assert Refund.objects.filter(to_see_to()).get() == owed
    assert_gateway_agrees(sandbox)


def test_one_that_nobody_explained_leaves_nothing_behind_when_it_comes_back(sandbox, sale):
    booking, payment = sale
    before = books()
    bounce(sandbox, refund_there(sandbox, payment, 3_000))
    assert books() == before
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    assert fresh(booking).status == "refunded", "what came back from the dashboard is not missed"


# ---------------------------------------------------------------------------------------------- a refund that failed
def test_one_that_somebody_made_at_the_gateway_instead_is_owed_no_more(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking)
    refund_there(sandbox, payment)
    for pays_twice in (try_again, pay_by_hand):
        with pytest.raises(RefundTooLarge):
            pays_twice(failed.pk, note="The list says that it is owed.")
    replace(failed.pk, note="Support did it.")
    assert not {"suspense", "refunds:payable"} & books().keys()
    assert fresh(failed).status == "replaced"
    assert (fresh(booking).status, fresh(booking).refunded_amount) == ("refunded", payment.amount)
    assert not Refund.objects.filter(to_see_to()).exists()
    with pytest.raises(InvalidState):
        replace(failed.pk, note="Again.")
    assert_gateway_agrees(sandbox)


def test_one_that_a_bank_gave_back_is_owed_no_more(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(in_full=True))
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"])["id"]
    tell_all(sandbox)
    send_refunds()
    failed = Refund.objects.get()
    with pytest.raises(InvalidState):
        pay_by_hand(failed.pk, note="While the bank decides.")
    sandbox.move_dispute(opened, "lost")
    tell_all(sandbox)
    with pytest.raises(RefundTooLarge):
        pay_by_hand(failed.pk, note="The bank has paid it already.")
    assert books()["refunds:payable"] == -payment.amount
    replace(failed.pk, note="The bank did.")
    assert not {"refunds:payable", "platform:chargeback_losses"} & books().keys()
    assert_gateway_agrees(sandbox)


def test_what_a_bank_took_of_those_who_travel_is_theirs_again_once_it_is_said_what_it_was_for(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    before = books()
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"], 10_500)["id"]
    sandbox.move_dispute(opened, "lost")
    tell_all(sandbox)
    send_refunds()
    failed = Refund.objects.get()
    assert failed.status == "failed"
    replace(failed.pk, note="The bank did.")
    after = books()
    for code in ("travellers:unearned", "tax:payable", "platform:booking_fees"):
        assert after[code] == before[code], code
    assert not {"platform:chargeback_losses", "refunds:payable"} & after.keys()


def test_one_that_went_back_no_other_way_stays_owed(sandbox, sale):
    booking, _payment = sale
    failed = cancel_and_fail(sandbox, booking)
    before = books()
    with pytest.raises(InvalidState):
        replace(failed.pk, note="It did not.")
    assert (fresh(failed).status, books()) == ("failed", before)
    assert Refund.objects.count() == 1


def test_the_rest_of_one_that_went_back_in_part_another_way_is_owed_still(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking)
    refund_there(sandbox, payment, payment.amount - 700)
    replace(failed.pk, note="The clerk could not send all.")
    assert books()["refunds:payable"] == -700
    assert "suspense" not in books()
    rest = Refund.objects.get(reason="cancelled", status="failed")
    assert (rest.amount, rest.last_error, fresh(failed).status) == (700, failed.last_error, "replaced")
    assert fresh(booking).status == "cancelled"
    try_again(rest.pk, note="A new card.")
    send_refunds()
    assert fresh(booking).status == "refunded"
    assert (fresh(booking).refunded_amount, books().get("refunds:payable")) == (payment.amount, None)
    assert_gateway_agrees(sandbox)


def test_the_rest_of_one_of_which_a_bank_took_a_part_is_owed_still(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking)
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"], 6_000)["id"]
    sandbox.move_dispute(opened, "lost")
    tell_all(sandbox)
    with pytest.raises(RefundTooLarge):
        try_again(failed.pk, note="The bank has paid a part.")
    replace(failed.pk, note="The bank did.")
    pay_by_hand(Refund.objects.get(status="failed").pk, note="Transfer 7")
    assert not {"refunds:payable", "platform:chargeback_losses", "suspense"} & books().keys()
    assert fresh(booking).status == "refunded"
    assert_gateway_agrees(sandbox)


def test_what_a_bank_took_of_money_that_came_twice_is_not_made_up_by_what_it_gives_back(sandbox, sale):
    booking, payment = sale
    before = books()
    apply(payment, (Paid("pi_again", "ch_again", payment.money),))
    second, failed = Payment.objects.get(intent_id="pi_again"), Refund.objects.get(reason="duplicate")
    failed.fail("The card is closed.")
    apply(second, (lost("dp_2", -payment.money),))
    apply(payment, (lost("dp_1", -payment.money),))
    apply(payment, (lost("dp_1", -payment.money, payment.money),))  # and it comes back all the same
    replace(failed.pk, note="The bank did.")
    assert books() == before
    assert fresh(booking).status == "confirmed"


def lost(dispute_id: str, *moved: Money) -> DisputeTold:
    settled = tuple(
        Settled(BalanceLine(f"txn_{dispute_id}_{place}", "adjustment", money, Money(0, "SAR"), dispute_id), money)
        for place, money in enumerate(moved)
    )
    return DisputeTold(dispute_id, "lost", "", -moved[0], None, settled)


def test_the_rest_of_late_money_that_went_back_in_part_another_way_goes_back_by_hand(sandbox):
    booking = hold_seats(make_trip(), "1A")
    payment = start_payment(booking.pk).payment
    cancel(booking.pk, Wish())
    hold_seats(booking.trip, "1A")  # so that the money comes too late
    apply(payment, (Paid("pi_late", "ch_late", payment.money),))
    late = Refund.objects.get()
    Refund.objects.get().fail("The card is closed.")
    standing.show(fresh(payment), fresh(booking))
    moved = RefundTold("re_there", "succeeded", Money(500, "SAR"), moved=True)
    apply(payment, (moved,))
    replace(late.pk, note="The clerk sent a part.")
    rest = Refund.objects.get(reason="late", status="failed")
    assert rest.amount == late.amount - 500
    pay_by_hand(rest.pk, note="Transfer 8")
    assert "refunds:payable" not in books()


def test_money_that_came_in_another_currency_can_be_paid_back_by_hand(sandbox):
    payment = start_payment(hold_seats(make_trip(), "1A").pk).payment
    apply(payment, (Paid("pi_euros", "ch_euros", Money(payment.amount, "EUR")),))
    refund = Refund.objects.get()
    refund.fail("The card is closed.")
    pay_by_hand(refund.pk, note="Transfer 4711")
    assert (fresh(refund).status, fresh(refund).money) == ("succeeded", Money(payment.amount, "EUR"))
    assert "refunds:payable" not in books("EUR")


# ------------------------------------------------------------------------------------------------ money paid twice
def test_a_dashboard_refund_of_what_was_paid_twice_is_none_of_the_booking(sandbox):
    booking, payment = flutterwave.buy(sandbox)
    again = sandbox.pay_flutterwave(payment.session_id)
    flutterwave.tell_all(sandbox)
    sandbox.control("flutterwave/refund", transaction=again["id"])  # before our worker's turn
    send_refunds()
    flutterwave.tell_all(sandbox)
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "paid")
    assert fresh(booking).refunded_amount == 0
    assert quote(fresh(booking), timezone.now(), in_full=True).refund == payment.money
    replace(Refund.objects.get(reason="duplicate").pk, note="Support was quicker.")
    assert not {"suspense", "refunds:payable"} & books("NGN").keys()


# ------------------------------------------------------------------------------------------- paid while it is given up
def test_whoever_gives_up_an_unpaid_booking_agrees_to_nothing_being_kept(sandbox):
    booking = hold_seats(make_trip(), "1A", "1B")
    Booking.objects.filter(pk=booking.pk).update(cancellation_policy=[])  # nothing comes back
    payment = start_payment(booking.pk).payment
    offer = quote(fresh(booking), timezone.now())
    assert (offer.refund.amount, offer.fee.amount) == (0, 0)
    sandbox.pay(payment.session_id)  # and nobody has told us
    with pytest.raises(QuoteChanged):
        cancel(booking.pk, Wish(offer.refund))
    assert (fresh(booking).status, fresh(payment).status) == ("confirmed", "succeeded")
    assert not Refund.objects.exists()
    offer = quote(fresh(booking), timezone.now())
    assert offer.fee == payment.money
    cancel(booking.pk, Wish(offer.refund))
    assert fresh(booking).status == "cancelled"


def test_a_fee_that_is_agreed_to_is_the_fee_that_is_kept(sandbox):
    booking = hold_seats(make_trip(), "1A", "1B")
    Booking.objects.filter(pk=booking.pk).update(cancellation_policy=[])  # nothing comes back
    payment = start_payment(booking.pk).payment
    offer = quote(fresh(booking), timezone.now())
    sandbox.pay(payment.session_id)
    sync(payment.pk)
    with pytest.raises(QuoteChanged) as changed:
        cancel(booking.pk, Wish(offer.refund, fee=offer.fee))  # nothing back, as before, but nothing kept either
    assert changed.value.members["fee"] == payment.money.to_json()
    assert fresh(booking).status == "confirmed"
    assert not Refund.objects.exists()
    cancel(booking.pk, Wish(offer.refund, fee=payment.money))
    assert fresh(booking).status == "cancelled"


@pytest.mark.parametrize(
    "wish",
    [
        Wish(Money(0, "SAR"), fee=Money(100, "SAR")),
        Wish(Money(100, "SAR")),
        Wish(Money(0, "USD")),
        Wish(Money(0, "SAR"), ["1A"]),  # single seats can be given up after payment
        Wish(Money(0, "SAR"), ["9Z"]),
    ],
    ids=["for a fee", "for a refund", "in another currency", "one seat", "no such seat"],
)
def test_a_refused_cancellation_of_an_unpaid_booking_leaves_its_payment_open(sandbox, wish):
    booking = hold_seats(make_trip(), "1A", "1B")
    payment = start_payment(booking.pk).payment
    with pytest.raises(Problem):
        cancel(booking.pk, wish)
    assert (fresh(booking).status, fresh(payment).status) == ("pending_payment", "pending")
    assert sandbox.state["sessions"][0]["status"] == "open"
