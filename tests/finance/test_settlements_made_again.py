"""Settlements that a bank returned, that are void, or whose approval was an error, and what is made in their place."""

import pytest

from bookings.models import Operator
from core.actors import acting_as
from core.errors import InvalidState
from finance.actions.calculate import calculate
from finance.actions.decide import approve, give_back, void
from finance.actions.draft import draft
from tests.finance.checking import broken
from tests.finance.settling import DUE, PAYABLE, RESERVE, lines, written
from tests.finance.year import CLERK, day, first, lose, sell_and_leave, settle
from tests.payments.scene import books, fresh

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_the_bank_returns_is_settled_once_more(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    Operator.objects.update(reserve_bps=500)
    paid = settle(operator, 1)
    before = books()
    clock.move_to(day(2))
    assert give_back(paid.pk, reason="Account closed").status == "returned"
    left = books()
    assert left[PAYABLE] == -paid.total_amount
    assert not {DUE, RESERVE, "bank"} & set(left)

    again = settle(operator, 1)
    assert again.pk != paid.pk
    assert (again.status, again.total_amount, lines(again)) == ("paid", paid.total_amount, lines(paid))
    assert books() == before
    for decide in (lambda: give_back(paid.pk, reason="x"), lambda: void(paid.pk, reason="x")):
        with pytest.raises(InvalidState):
            decide()


def test_a_void_one_can_be_made_again(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    wrong = draft(operator.pk, first(1))
    void(wrong.pk, reason="Too early")
    again = draft(operator.pk, first(1))
    assert again.pk != wrong.pk
    assert (fresh(wrong).status, fresh(again).status) == ("void", "draft")
    assert lines(again) == lines(wrong)


def test_an_approval_that_was_an_error_is_taken_back_and_made_again(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    Operator.objects.update(reserve_bps=500)
    wrong, before = draft(operator.pk, first(1)), books()
    with acting_as(CLERK):
        approve(wrong.pk, total=wrong.total, due=wrong.due)
        assert {DUE, RESERVE} <= set(books())
        Operator.objects.update(bank_account="SA44 2000 0001 2345 6789 1234")
        assert void(wrong.pk, reason="They have another bank").status == "void"
    assert books() == before
    again = settle(operator, 1)
    assert (again.pk != wrong.pk, again.status, again.total_amount) == (True, "paid", wrong.total_amount)
    assert again.paid_to["bank_account"] == "SA44 2000 0001 2345 6789 1234"
    assert broken("--no-gateways") == {}


def test_a_debt_that_was_brought_forward_is_void_after_what_took_it(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    settle(operator, 1)
    clock.move_to(day(2))
    lose(payment)
    february = settle(operator, 2)
    march = draft(operator.pk, first(3))
    before = written()
    with pytest.raises(InvalidState) as refused:
        void(february.pk, reason="Wrong")
    assert refused.value.detail == f"Its debt was brought forward by {march}."
    assert written() == before
    void(march.pk, reason="Wrong")
    assert void(february.pk, reason="Wrong").status == "void"
    assert draft(operator.pk, first(2)).total_amount == february.total_amount
    assert broken("--no-gateways") == {}


def test_an_approved_one_whose_reserve_was_released_stays(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    Operator.objects.update(reserve_bps=10_000, reserve_months=1)
    january = settle(operator, 1)
    assert (january.status, january.due.amount) == ("approved", 0)
    clock.move_to(day(3, 1))
    calculate(first(2))
    before = written()
    with pytest.raises(InvalidState):
        void(january.pk, reason="Wrong")
    assert written() == before
