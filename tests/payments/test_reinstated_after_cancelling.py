"""What a bank took of what was kept of a cancelled booking, and gave back after all."""

import pytest

from payments.actions.cancel import Wish, cancel
from tests.payments.scene import assert_gateway_agrees, books, buy, charge_of, send_refunds, tell_all

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_came_back_is_where_it_was_taken_from_though_nobody_travels(sandbox):
    booking, payment = buy(sandbox, "1A")
    cancel(booking.pk, Wish())  # 80 % goes back; of the rest, fare, tax and fee are kept
    send_refunds()
    tell_all(sandbox)
    before = books()
    dispute = sandbox.dispute(charge_of(sandbox, payment)["id"])
    sandbox.move_dispute(dispute["id"], "lost")
    tell_all(sandbox)
    sandbox.mode(dispute_fee_returned=True)
    sandbox.reinstate_dispute(dispute["id"])
    tell_all(sandbox)
    assert books() == before
    assert_gateway_agrees(sandbox)
