"""The payer asks the bank for the money back: the books follow it, the booking does not move."""

import pytest
from django.utils import timezone

from bookings.actions.cancel_trip import cancel_trip
from bookings.models import SeatClaim
from core.errors import InvalidState
from core.money import Money
from ledger.models import JournalEntry
from payments.actions.apply import apply
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.give_back import give_courtesy, replace
from payments.actions.sync import sync
from payments.gateways import gateway
from payments.gateways.base import BalanceLine, DisputeTold, Paid, Settled
from payments.models import Dispute, Payment, Refund
from payments.quotes import quote
from tests.payments.gateway import send
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, fresh, send_refunds, tell_all

pytestmark = pytest.mark.django_db(transaction=True)
FEE = 1_500  # what the sandbox takes for a dispute, minor units


@pytest.fixture
def sale(sandbox):
    return buy(sandbox)


def dispute(sandbox, payment, **how) -> str:
    return sandbox.control(f"charges/{charge_of(sandbox, payment)['id']}/dispute", **how)["id"]


def told_of(opened: str) -> tuple[Settled, ...]:
    """What moved for a dispute so far, as our gateway reads it, oldest first."""
    payment = Payment.objects.get()
    told = [fact for fact in gateway("stripe").report(payment) if isinstance(fact, DisputeTold)]
    return next(fact.settled for fact in told if fact.dispute_id == opened)


def test_a_dispute_withholds_the_money_and_takes_a_fee(sandbox, sale):
    booking, payment = sale
    dispute(sandbox, payment)
    tell_all(sandbox)
    (known,) = Dispute.objects.all()
    assert (known.status, known.held_amount, known.amount) == ("needs_response", payment.amount, payment.amount)
    assert known.respond_by is not None
    assert books()["gateway:stripe:disputed"] == payment.amount
    assert books()["platform:dispute_fees"] == FEE
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "disputed")
    assert SeatClaim.objects.filter(booking=booking).count() == 2
    assert_gateway_agrees(sandbox)


def test_a_dispute_that_is_won_brings_the_money_back(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="under_review")
    sandbox.control(f"disputes/{opened}/move", status="won")
    tell_all(sandbox)
    assert "gateway:stripe:disputed" not in books()
    assert fresh(booking).payment_status == "paid"
    assert_gateway_agrees(sandbox)


def test_a_dispute_that_is_lost_takes_the_money_from_what_the_booking_had_left(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    tell_all(sandbox)
    left = books()
    assert left.keys() == {"gateway:stripe:clearing", "platform:dispute_fees", "platform:gateway_fees"}
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "disputed")
    assert_gateway_agrees(sandbox)


def test_money_that_comes_back_after_a_loss_goes_back_to_the_booking(sandbox, sale):
    booking, payment = sale
    before = books()
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    sandbox.control(f"disputes/{opened}/reinstate")
    tell_all(sandbox)
    tell_all(sandbox)
    spent = {"platform:dispute_fees": FEE, "gateway:stripe:clearing": before["gateway:stripe:clearing"] - FEE}
    assert books() == before | spent
    assert (fresh(booking).status, fresh(booking).payment_status) == ("confirmed", "paid")
    cancel(booking.pk, Wish())
    assert books()["refunds:payable"] == -Refund.objects.get().amount < 0
    assert_gateway_agrees(sandbox)


def test_money_that_comes_back_for_seats_that_were_given_up_is_owed_again(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, amount=5_000)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    cancel(booking.pk, Wish(in_full=True))
    sandbox.control(f"disputes/{opened}/reinstate")
    tell_all(sandbox)
    tell_all(sandbox)
    assert list(Refund.objects.order_by("pk").values_list("amount", flat=True)) == [payment.amount - 5_000, 5_000]
    assert books()["refunds:payable"] == -payment.amount
    assert not {"travellers:unearned", "platform:chargeback_losses"} & books().keys()
    send_refunds()
    send_refunds()
    assert (fresh(booking).status, fresh(booking).refunded_amount) == ("refunded", payment.amount)
    assert_gateway_agrees(sandbox)


def test_no_more_is_owed_again_than_the_terms_gave_back(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    cancel(booking.pk, Wish())
    sandbox.control(f"disputes/{opened}/reinstate")
    tell_all(sandbox)
    assert Refund.objects.get().amount == payment.amount * 80 // 100
    left = books()
    assert left["platform:chargeback_losses"] == -payment.amount * 20 // 100, "what would have been kept is ours"
    assert "travellers:unearned" not in left
    assert_gateway_agrees(sandbox)


def test_what_a_bank_gave_back_counts_towards_every_seat_before_it_counts_against_what_is_kept(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, amount=10_000)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    told = []
    for seat in ("1A", "1B"):
        offer = quote(fresh(booking), timezone.now(), [seat])
        told.append((offer.refund.amount, offer.fee.amount, offer.by_bank))
        cancel(booking.pk, Wish(offer.refund, [seat]))
    assert told == [(0, 2_100, 8_400), (6_800, 2_100, 1_600)]
    assert "travellers:unearned" not in books()


def test_money_that_comes_back_makes_our_loss_smaller_first(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(in_full=True))
    sandbox.mode(refund_outcome="pending")
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    sandbox.control(f"disputes/{opened}/reinstate")
    tell_all(sandbox)
    assert "platform:chargeback_losses" not in books()
    assert books()["refunds:payable"] == -payment.amount
    assert_gateway_agrees(sandbox)


def test_one_that_is_lost_after_the_money_went_back_is_our_loss(sandbox, sale):
    """woocommerce 2598 as well: the cancelled booking stays cancelled and its seats stay free."""
    booking, payment = sale
    cancel(booking.pk, Wish(in_full=True))
    sandbox.mode(refund_outcome="pending")
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    assert books()["platform:chargeback_losses"] == payment.amount
    assert fresh(booking).status == "cancelled"
    assert not SeatClaim.objects.exists()
    assert send_refunds()["failed"] == 1  # the bank has paid it back: the gateway refuses another
    assert Refund.objects.get().status == "failed"
    assert_gateway_agrees(sandbox)


def test_an_inquiry_moves_no_money(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, inquiry=True)
    tell_all(sandbox)
    assert Dispute.objects.get().status == "warning_needs_response"
    assert fresh(booking).payment_status == "paid"
    sandbox.control(f"disputes/{opened}/move", status="warning_closed")
    tell_all(sandbox)
    assert Dispute.objects.get().status == "warning_closed"
    assert "gateway:stripe:disputed" not in books()


def test_nothing_is_given_back_while_the_bank_decides(sandbox, sale):
    booking, payment = sale
    dispute(sandbox, payment)
    sync(payment.pk)
    before = books()
    with pytest.raises(InvalidState):
        cancel(booking.pk, Wish())
    with pytest.raises(InvalidState):
        give_courtesy(payment.pk, 100, note="poor them")
    assert books() == before
    assert fresh(booking).status == "confirmed"
    assert not Refund.objects.exists()


def test_seats_can_be_given_up_after_a_lost_dispute_and_nothing_comes_back(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    before = books()
    cancel(booking.pk, Wish())
    assert fresh(booking).status == "cancelled"
    assert books() == before
    assert not Refund.objects.exists()


def test_a_small_lost_dispute_takes_only_so_much_off_what_comes_back(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, amount=1_000)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    offer = quote(fresh(booking), timezone.now(), ["1A"])
    assert (offer.refund.amount, offer.fee.amount, offer.by_bank) == (8_400 - 1_000, 2_100, 1_000)
    cancel(booking.pk, Wish(offer.refund, ["1A"]))
    offer = quote(fresh(booking), timezone.now())
    assert (offer.refund.amount, offer.fee.amount, offer.by_bank) == (8_400, 2_100, 0), "it was for the first seat"
    cancel(booking.pk, Wish(offer.refund))
    left = books()
    assert left["refunds:payable"] == 1_000 - 2 * 8_400
    assert "travellers:unearned" not in left
    assert "platform:chargeback_losses" not in left
    assert_gateway_agrees(sandbox)


def test_a_lost_dispute_about_more_than_the_terms_give_back_leaves_less_to_keep(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, amount=20_000)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    offer = quote(fresh(booking), timezone.now())
    assert (offer.refund.amount, offer.fee.amount, offer.by_bank) == (0, 1_000, 20_000)
    cancel(booking.pk, Wish())
    left = books()
    assert "refunds:payable" not in left
    assert "travellers:unearned" not in left
    assert -sum(amount for code, amount in left.items() if code.startswith(("operator:", "platform:commission"))) == 828


def test_a_small_lost_dispute_leaves_the_rest_to_those_whose_trip_is_cancelled(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment, amount=1_000)
    sandbox.control(f"disputes/{opened}/move", status="lost")
    tell_all(sandbox)
    cancel_trip(booking.trip_id, reason="Storm")
    assert clear_cancelled_trips() == {"cleared": 1, "uncleared": 0}
    assert Refund.objects.get().amount == payment.amount - 1_000
    assert books().keys() == {
        "gateway:stripe:clearing", "platform:dispute_fees", "platform:gateway_fees", "refunds:payable"
    }  # fmt: skip


def test_nothing_is_settled_before_a_dispute_that_was_won_has_brought_the_money_back(sandbox, sale):
    booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="won")
    won, back = (sandbox.events(kind)[-1] for kind in ("charge.dispute.closed", "charge.dispute.funds_reinstated"))
    fact = DisputeTold(opened, "won", "fraudulent", payment.money, None, told_of(opened)[:1])
    apply(payment, (fact,))
    before = books()
    with pytest.raises(InvalidState):
        cancel(booking.pk, Wish(in_full=True))
    cancel_trip(booking.trip_id, reason="Storm")
    assert clear_cancelled_trips() == {"cleared": 0, "uncleared": 1}
    assert (books(), fresh(booking).payment_status, Refund.objects.count()) == (before, "disputed", 0)
    for event in (won, back):
        send(event)
    assert clear_cancelled_trips() == {"cleared": 1, "uncleared": 0}
    assert Refund.objects.get().amount == payment.amount


def test_a_dispute_of_money_that_was_paid_twice_is_none_of_the_booking(sandbox, sale):
    booking, payment = sale
    apply(payment, (Paid("pi_second", "ch_second", payment.money),))
    second = Payment.objects.get(intent_id="pi_second")
    line = BalanceLine("txn_second", "adjustment", -payment.money, Money(FEE, "SAR"), "du_second", timezone.now())
    for status in ("needs_response", "lost"):
        moved = (Settled(line, -payment.money),)
        apply(second, (DisputeTold("du_second", status, "duplicate", payment.money, None, moved),))
        assert fresh(booking).payment_status == "paid"
        assert quote(fresh(booking), timezone.now(), in_full=True).refund == payment.money
    assert books()["platform:chargeback_losses"] == payment.amount
    owed = Refund.objects.get(payment=second)
    owed.fail("The bank has paid it back.")
    replace(owed.pk, note="The bank has.")
    assert "platform:chargeback_losses" not in books()
    assert "refunds:payable" not in books()


def test_news_in_the_wrong_order_never_reopens_a_decided_dispute(sandbox, sale):
    _booking, payment = sale
    opened = dispute(sandbox, payment)
    sandbox.control(f"disputes/{opened}/move", status="won")
    for event in reversed(sandbox.events("charge.dispute")):
        assert send(event).status_code == 200
    assert Dispute.objects.get().status == "won"
    assert JournalEntry.objects.filter(kind__in=["dispute", "dispute_reversal"]).count() == 2
    assert_gateway_agrees(sandbox)
