"""What a refund that failed owes is promised to nobody else."""

from contextlib import suppress

import pytest
from django.utils import timezone

from bookings.models import Booking
from core.errors import InvalidState
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import account_as_courtesy, give_courtesy, pay_by_hand, replace, try_again
from payments.admin.courtesy import CourtesyForm
from payments.errors import RefundTooLarge
from payments.models import Payment, Refund
from payments.quotes import quote
from tests.payments.scene import (
    assert_gateway_agrees,
    books,
    bounce,
    buy,
    cancel_and_fail,
    charge_of,
    fresh,
    lapse_refunds,
    send_refunds,
    tell_all,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale(sandbox) -> tuple[Booking, Payment]:
    return buy(sandbox)


def test_what_a_failed_refund_owes_is_no_courtesy(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking)
    before = books()
    with pytest.raises(RefundTooLarge):
        give_courtesy(payment.pk, 1, note="The caller was sad.")
    assert books() == before
    try_again(failed.pk, note="A new card.")
    send_refunds()
    assert fresh(booking).status == "refunded"


def test_what_a_failed_refund_owes_is_not_sent_for_other_seats(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking, "1A")
    give_courtesy(payment.pk, 5_000, note="sorry")
    cancel(booking.pk, Wish(in_full=True))
    assert quoted_refunds() == [("cancelled", 10_500), ("goodwill", 5_000), ("cancelled", 5_500)]
    assert books()["refunds:payable"] == -payment.amount
    assert "platform:goodwill" not in books(), "it was for the seat"
    send_refunds()
    lapse_refunds()
    send_refunds()
    try_again(failed.pk, note="A new card.")
    send_refunds()
    assert fresh(booking).refunded_amount == payment.amount
    assert "refunds:payable" not in books()
    assert_gateway_agrees(sandbox)


def test_what_a_failed_courtesy_owes_is_not_promised_again(sandbox, sale):
    booking, payment = sale
    sandbox.mode(refund_outcome="pending")
    give_courtesy(payment.pk, 3_000, note="late")
    send_refunds()
    bounce(sandbox, sandbox.objects("refunds")[0]["id"])
    sandbox.mode(refund_outcome="succeeded")
    offer = quote(fresh(booking), timezone.now(), in_full=True)
    assert offer.refund.amount == payment.amount - 3_000
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    try_again(Refund.objects.get(reason="goodwill").pk, note="A new card.")
    send_refunds()
    assert fresh(booking).refunded_amount == payment.amount
    assert not {"refunds:payable", "platform:goodwill"} & books().keys()
    assert_gateway_agrees(sandbox)


def test_a_dashboard_refund_that_a_failed_one_needs_is_no_courtesy(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking)
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 4_000)
    tell_all(sandbox)
    before = books()
    with pytest.raises(InvalidState):
        account_as_courtesy(Refund.objects.get(reason="gateway").pk, note="It looked like one.")
    assert (books(), Refund.objects.get(reason="gateway").accounted) == (before, False)
    replace(failed.pk, note="It was for this one.")
    try_again(Refund.objects.get(status="failed", reason="cancelled").pk, note="The rest.")
    send_refunds()
    assert fresh(booking).status == "refunded"
    assert not {"refunds:payable", "platform:goodwill", "suspense"} & books().keys()


def test_a_dashboard_refund_that_a_failed_one_needs_is_not_counted_for_other_seats(sandbox, sale):
    booking, payment = sale
    failed = cancel_and_fail(sandbox, booking, "1A")
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 12_000)
    tell_all(sandbox)
    offer = quote(fresh(booking), timezone.now(), in_full=True)
    # 9,000 are left, and 10,500 are owed: of the 12,000 that went back 1,500 were for that.
    assert offer.covered == {"suspense": 10_500}
    cancel(booking.pk, Wish(in_full=True))
    replace(failed.pk, note="It was for this one.")
    try_again(Refund.objects.get(status="failed", reason="cancelled").pk, note="The rest.")
    send_refunds()
    assert fresh(booking).refunded_amount == payment.amount
    assert not {"refunds:payable", "platform:goodwill", "suspense"} & books().keys()


def test_what_a_bank_took_that_a_failed_refund_needs_is_not_counted_for_other_seats(sandbox, sale):
    booking, payment = sale
    sandbox.mode(refund_outcome="pending")
    give_courtesy(payment.pk, 3_000, note="late")
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    for _turn in range(2):  # one of a payment at a time
        lapse_refunds()
        send_refunds()
    for made in sandbox.objects("refunds"):
        bounce(sandbox, made["id"])
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"], 15_000)["id"]
    sandbox.move_dispute(opened, "lost")
    tell_all(sandbox)
    # 6,000 are left, and 13,500 are owed: of the 15,000 that the bank took 7,500 were for that.
    offer = quote(fresh(booking), timezone.now(), in_full=True)
    assert (offer.by_bank, offer.covered) == (7_500, {"platform:goodwill": 3_000})
    cancel(booking.pk, Wish(in_full=True))
    assert not {"travellers:unearned", "tax:payable", "platform:booking_fees", "platform:goodwill"} & books().keys()
    assert (books()["platform:chargeback_losses"], books()["refunds:payable"]) == (7_500, -13_500)
    for owed in Refund.objects.filter(status="failed").order_by("-amount"):
        with suppress(InvalidState):
            replace(owed.pk, note="The bank did.")
    for owed in Refund.objects.filter(status="failed"):
        pay_by_hand(owed.pk, note="Transfer 9")
    assert not {"refunds:payable", "platform:chargeback_losses"} & books().keys()
    by_hand = sum(refund.amount for refund in Refund.objects.filter(paid_by_hand=True))
    assert by_hand == payment.amount - 15_000
    assert_gateway_agrees(sandbox)


@pytest.mark.parametrize("taken", [2_000, 4_000, 6_000])
def test_what_is_kept_of_a_fare_is_not_taken_for_anything_else(sandbox, taken):
    booking, payment = buy(sandbox, "1A")
    sandbox.mode(refund_outcome="pending")
    give_courtesy(payment.pk, 9_000, note="late")
    send_refunds()
    bounce(sandbox, sandbox.objects("refunds")[0]["id"])
    opened = sandbox.dispute(charge_of(sandbox, payment)["id"], taken)["id"]
    sandbox.move_dispute(opened, "lost")
    tell_all(sandbox)
    cancel(booking.pk, Wish())
    for account in ("travellers:unearned", "tax:payable", "platform:booking_fees"):
        assert books().get(account, 0) <= 0, account


def test_more_than_is_left_cannot_go_back_as_a_courtesy(sandbox, sale):
    booking, payment = sale
    cancel_and_fail(sandbox, booking)
    sandbox.refund_in_dashboard(charge_of(sandbox, payment)["id"], 4_000)
    tell_all(sandbox)
    assert CourtesyForm(payment=payment).fields["amount"].help_text == "SAR 0.00 of the payment can still go back."


def quoted_refunds() -> list[tuple[str, int]]:
    return list(Refund.objects.order_by("pk").values_list("reason", "amount"))
