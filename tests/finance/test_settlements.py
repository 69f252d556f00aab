"""What operators are paid: everything that is theirs, once, by two people; debts and reserves are carried on."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from bookings.models import Operator
from core import jobs
from core.actors import acting_as
from core.errors import FieldsInvalid, InvalidState, NotFound
from core.money import Money
from finance.actions.calculate import calculate
from finance.actions.decide import approve, give_back, pay, void
from finance.actions.draft import draft
from finance.errors import EarlierDraft, SamePerson, SettlementChanged
from finance.models import Settlement, SettlementLine
from ledger.actions.post import credit, debit, post
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned
from payments.actions.cancel import Wish, cancel
from tests.finance.settling import COMMISSION, DUE, NET, PAYABLE, RESERVE, lines, written
from tests.finance.year import CHIEF, CLERK, day, first, lose, sell, sell_and_leave, settle
from tests.payments.scene import books, fresh

pytestmark = pytest.mark.django_db(transaction=True)


# ------------------------------------------------------------------------------------------------------------ a month
@pytest.mark.parametrize("month", [f"{timezone.now():%Y-%m}", "9999-12"])
def test_a_month_that_has_not_ended_is_refused_the_last_of_the_calendar_too(month):
    with pytest.raises(FieldsInvalid) as refused:
        jobs.run("calculate_settlements", month=month)
    assert refused.value.errors[0]["code"] == "not_over"


def test_a_month_is_drafted_approved_and_paid(clock):
    operator = sell_and_leave(clock, day(1), "1A", "1B").booking.trip.operator
    clock.move_to(day(2, 1))
    settlement = draft(operator.pk, first(1))
    assert lines(settlement) == [("booking", 2 * NET, 2 * COMMISSION - 1, 0, 2 * (NET - COMMISSION) + 1)]
    assert (settlement.gross_amount, settlement.commission_amount) == (2 * NET, 2 * COMMISSION - 1)
    assert settlement.due.amount == settlement.total_amount == -books()[PAYABLE]

    with acting_as(CLERK):
        approve(settlement.pk, total=settlement.total, due=settlement.due)
    assert PAYABLE not in books()
    assert books()[DUE] == -settlement.total_amount
    with acting_as(CHIEF):
        paid = pay(settlement.pk, transfer="TRF 2027/001")
    assert (paid.status, paid.approved_by, paid.paid_by, paid.transfer) == ("paid", CLERK, CHIEF, "TRF 2027/001")
    assert DUE not in books()
    assert books()["bank"] == -settlement.total_amount
    entries = JournalEntry.objects.filter(kind="settlement").order_by("pk")
    assert [entry.reference for entry in entries] == [f"settlement:{paid.pk}:approved", f"settlement:{paid.pk}:paid"]


def test_a_draft_is_made_anew_and_what_is_decided_stays(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    settlement = draft(operator.pk, first(1))
    sell_and_leave(clock, day(1, 20), "1A")
    again = draft(operator.pk, first(1))
    assert again.pk == settlement.pk
    assert len(lines(again)) == 2
    clock.move_to(day(2, 1))
    with acting_as(CLERK):
        approve(again.pk, total=again.total, due=again.due)
    before = written()
    assert draft(operator.pk, first(1)) is None
    assert written() == before


def test_what_comes_late_is_in_the_next_one_and_nothing_is_lost_or_taken_twice(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    january = settle(operator, 1)
    clock.move_to(day(2))
    give_back_earned(payment.booking_id, 2_000, note="Late")
    sell_and_leave(clock, day(2, 20), "1A")
    february = settle(operator, 2)
    assert [kind for kind, *_rest in lines(february)] == ["refund", "booking"]
    assert PAYABLE not in books()
    taken = SettlementLine.objects.values_list("posting_id", flat=True)
    assert len(set(taken)) == len(taken) == 3
    assert january.total_amount + february.total_amount == -books()["bank"]
    assert draft(operator.pk, first(3)) is None


def test_each_kind_of_line_and_the_totals(clock):
    departed = sell_and_leave(clock, day(1), "1A", "1B")
    operator = departed.booking.trip.operator
    Operator.objects.update(commission_tax_bps=1_500)
    cancelled = sell(clock, day(1, 12), "1A")
    cancel(cancelled.booking_id, Wish())  # a day before departure nothing comes back
    give_back_earned(departed.booking_id, 3_000, note="Late")
    lose(departed, 2_000)
    with transaction.atomic():
        advert = [debit(PAYABLE, 500), credit("bank", 500)]
        post(kind="adjustment", reference=None, currency="SAR", lines=advert, memo="An advertisement")
    settlement = draft(operator.pk, first(1))
    by_kind = {kind: amounts for kind, *amounts in lines(settlement)}
    assert set(by_kind) == {"booking", "cancellation", "refund", "dispute", "correction"}
    assert by_kind["cancellation"] == [NET, COMMISSION - 91, 91, NET - COMMISSION]
    assert by_kind["correction"] == [-500, 0, 0, -500]
    assert (settlement.cancellation_commission_amount, settlement.correction_amount) == (COMMISSION - 91, -500)
    assert settlement.tax_amount == sum(amounts[2] for amounts in by_kind.values())
    assert settlement.total_amount == sum(amounts[3] for amounts in by_kind.values()) == -books()[PAYABLE]
    assert settlement.total_amount == (
        settlement.gross_amount
        - settlement.commission_amount
        - settlement.cancellation_commission_amount
        - settlement.tax_amount
        + settlement.correction_amount
    )


# ------------------------------------------------------------------------------------------------------------- a debt
def test_a_dispute_lost_after_the_payment_leaves_a_debt_that_is_carried_on_until_it_is_paid_off(clock):
    payment = sell_and_leave(clock, day(1), "1A", "1B")
    operator = payment.booking.trip.operator
    january = settle(operator, 1)
    clock.move_to(day(2))
    lose(payment)
    assert books()[PAYABLE] == january.total_amount  # it owes us now

    clock.move_to(day(3, 1))
    february = settle(operator, 2)
    assert (february.status, february.due.amount, february.carried.amount) == ("approved", 0, -january.total_amount)
    assert books()[PAYABLE] == january.total_amount
    with acting_as(CHIEF), pytest.raises(InvalidState):
        pay(february.pk, transfer="TRF")

    sell_and_leave(clock, day(3), "1A")
    march = settle(operator, 3)
    assert [line[0] for line in lines(march)] == ["brought", "booking"]
    assert march.brought_amount == -january.total_amount
    assert march.carried.amount == march.brought_amount + NET - COMMISSION
    sell_and_leave(clock, day(4), "1A", "1B", "1C")
    april = settle(operator, 4)
    assert (april.status, april.brought_amount) == ("paid", march.carried.amount)
    assert not {PAYABLE, DUE} & set(books())
    assert -books()["bank"] == january.due.amount + april.due.amount


def test_what_is_carried_on_is_taken_by_one_settlement(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    settle(operator, 1)
    clock.move_to(day(2))
    lose(payment)
    settle(operator, 2)
    march = draft(operator.pk, first(3))
    void(march.pk, reason="Wrong")
    april = draft(operator.pk, first(4))
    assert (april.brought_amount, [line[0] for line in lines(april)]) == (-(NET - COMMISSION), ["brought"])
    assert draft(operator.pk, first(5)) is None


# ---------------------------------------------------------------------------------------------------------- a reserve
def test_a_reserve_is_held_back_and_released_in_time(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    Operator.objects.update(reserve_bps=1_000, reserve_months=2)
    january = settle(operator, 1)
    assert january.reserve_amount == (NET - COMMISSION) // 10
    assert january.due.amount == NET - COMMISSION - january.reserve_amount
    assert books()[RESERVE] == -january.reserve_amount

    clock.move_to(day(3, 1))
    assert calculate(first(2)) == {"drafts": 0, "released": 0, "unsettled": 0}
    clock.move_to(day(4, 1))
    assert calculate(first(3)) == {"drafts": 0, "released": 1, "unsettled": 0}
    assert books()[PAYABLE] == -january.reserve_amount
    clock.move_to(day(5, 1))
    assert calculate(first(4)) == {"drafts": 1, "released": 0, "unsettled": 0}
    april = settle(operator, 4)
    assert (april.released_amount, april.reserve_amount) == (january.reserve_amount, 0)
    assert lines(april) == [("reserve", january.reserve_amount, 0, 0, january.reserve_amount)]
    assert not {PAYABLE, RESERVE, DUE} & set(books())
    with pytest.raises(InvalidState):
        give_back(january.pk, reason="Account closed")


# ------------------------------------------------------------------------------------------------------------ refusals
def test_two_people_decide(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    settlement = draft(payment.booking.trip.operator.pk, first(1))
    with acting_as(CLERK):
        approve(settlement.pk, total=settlement.total, due=settlement.due)
        before = written()
        with pytest.raises(SamePerson):
            pay(settlement.pk, transfer="TRF")
    assert written() == before
    with acting_as(CHIEF), pytest.raises(FieldsInvalid):
        pay(settlement.pk, transfer=" ")
    assert written() == before


def test_nobody_approves_what_they_did_not_see(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    settlement = draft(payment.booking.trip.operator.pk, first(1))
    give_back_earned(payment.booking_id, 1_000, note="Late")
    before = written()
    with pytest.raises(SettlementChanged) as refused:
        approve(settlement.pk, total=settlement.total, due=settlement.due)
    assert written() == before
    now = Money(refused.value.members["due"]["amount"], "SAR")
    assert now.amount == refused.value.members["total"]["amount"] == -books()[PAYABLE]
    assert approve(settlement.pk, total=now, due=now).due == now


def test_nobody_approves_another_debt_than_they_saw(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    settle(operator, 1)
    clock.move_to(day(2))
    lose(payment, 1_000)
    seen = draft(operator.pk, first(2))
    lose(payment, 2_000, name="dp_2")
    before = written()
    with pytest.raises(SettlementChanged):
        approve(seen.pk, total=seen.total, due=seen.due)
    assert written() == before


# ---------------------------------------------------------------------------------------------------------- the payee
def test_it_is_paid_to_whom_it_was_approved_for_and_says_so_for_good(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    Operator.objects.update(bank_account="SA03 8000", address="1 Pier")
    settlement = draft(payment.booking.trip.operator.pk, first(1))
    assert settlement.paid_to["bank_account"] == "SA03 8000"
    with acting_as(CLERK):
        approve(settlement.pk, total=settlement.total, due=settlement.due)
    Operator.objects.update(bank_account="XX99 THIEF", name="Other", reserve_months=0)
    approved = fresh(settlement)
    assert approved.paid_to == {
        "name": "Operator SAR", "address": "1 Pier", "tax_number": "", "bank_account": "SA03 8000",
    }  # fmt: skip
    assert approved.reserve_until == first(4)


def test_one_transfer_pays_one_settlement(clock):
    for month in (1, 2):
        sell_and_leave(clock, day(month), "1A")
    operator = Operator.objects.get()
    settlements = []
    for month in (1, 2):
        settlement = draft(operator.pk, first(month))
        with acting_as(CLERK):
            settlements.append(approve(settlement.pk, total=settlement.total, due=settlement.due))
    with acting_as(CHIEF):
        pay(settlements[0].pk, transfer="TRF 1")
        before = written()
        with pytest.raises(FieldsInvalid):
            pay(settlements[1].pk, transfer=" TRF 1 ")
        assert written() == before
        with pytest.raises(SamePerson):
            give_back(settlements[0].pk, reason="I say so")
    assert written() == before


def test_one_made_again_takes_the_debts_of_later_months_as_well(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    january = settle(operator, 1)
    clock.move_to(day(2))
    lose(payment)
    february = settle(operator, 2)
    assert february.carried.amount < 0
    clock.move_to(day(3))
    give_back(january.pk, reason="Account closed")
    again = draft(operator.pk, first(1))
    assert [line[0] for line in lines(again)] == ["brought", "booking"]
    assert again.total_amount == january.total_amount + february.total_amount == 0


def test_an_earlier_draft_comes_first(clock):
    payment = sell_and_leave(clock, day(1), "1A")
    operator = payment.booking.trip.operator
    january = draft(operator.pk, first(1))
    sell_and_leave(clock, day(2), "1A")
    february = draft(operator.pk, first(2))
    assert len(lines(february)) == 1  # a draft has what it has
    with pytest.raises(EarlierDraft):
        approve(february.pk, total=february.total, due=february.due)
    void(january.pk, reason="With the next one")
    february = draft(operator.pk, first(2))
    assert len(lines(february)) == 2
    approve(february.pk, total=february.total, due=february.due)


@pytest.mark.parametrize("decide", [lambda pk: pay(pk, transfer="x"), lambda pk: give_back(pk, reason="x")])
def test_only_in_their_order(clock, decide):
    payment = sell_and_leave(clock, day(1), "1A")
    settlement = draft(payment.booking.trip.operator.pk, first(1))
    before = written()
    with pytest.raises(InvalidState):
        decide(settlement.pk)
    with pytest.raises(NotFound):
        decide(settlement.pk + 1)
    assert written() == before


# ------------------------------------------------------------------------------------------------------------- the job
def test_the_job_drafts_the_month_that_has_ended_for_every_operator(clock):
    sell_and_leave(clock, day(1), "1A")
    sell_and_leave(clock, day(1), "1A", currency="NGN")
    clock.move_to(day(2, 1))
    result = {"drafts": 2, "released": 0, "unsettled": 0}
    assert jobs.run("calculate_settlements") == result
    assert jobs.run("calculate_settlements", month="2027-01") == result
    found = Settlement.objects.order_by("currency").values_list("currency", "month", "status")
    assert list(found) == [("NGN", first(1), "draft"), ("SAR", first(1), "draft")]
    assert jobs.run("calculate_settlements", month="2026-12")["drafts"] == 0


@pytest.mark.parametrize("month", ["2027-02", "2027-13", "January", "2027-1-1"])
def test_a_month_that_is_none_or_has_not_ended_is_refused(clock, month):
    sell_and_leave(clock, day(1), "1A")
    clock.move_to(day(2, 1))
    with pytest.raises(CommandError):
        call_command("calculate_settlements", month=month)
    assert not Settlement.objects.exists()


def test_one_operator_that_cannot_be_settled_keeps_no_other_from_it(clock, monkeypatch):
    sell_and_leave(clock, day(1), "1A")
    sell_and_leave(clock, day(1), "1A", currency="NGN")
    clock.move_to(day(2, 1))

    def stumbles(operator_id: int, month) -> Settlement | None:
        if Operator.objects.get(pk=operator_id).currency == "SAR":
            raise RuntimeError("a stone")
        return draft(operator_id, month)

    monkeypatch.setattr("finance.actions.calculate.draft", stumbles)
    assert calculate(first(1)) == {"drafts": 1, "released": 0, "unsettled": 1}
    assert Settlement.objects.get().currency == "NGN"
