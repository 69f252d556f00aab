"""Small worlds, made through the use cases and without a gateway, for tests of the checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.actors import acting_as
from core.money import Money
from finance.actions.decide import approve, void
from finance.actions.draft import draft
from ledger.actions.checkpoint import checkpoint
from ledger.actions.close_period import close_period
from ledger.actions.post import credit, debit, post
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned
from payments.actions.apply import apply
from payments.actions.cancel import Wish, cancel
from payments.actions.match_lines import match_line
from payments.actions.payouts import note_payout
from payments.gateways.base import BalanceLine, DisputeTold, PayoutTold, RefundTold, Settled
from payments.models import Payment, Refund, RefundAttempt
from tests.admin import scene
from tests.clock import turned_to
from tests.finance.year import CLERK, day, first, sell, sell_and_leave, settle
from tests.world import hold_seats, make_trip


@contextmanager
def next_year() -> Iterator[Any]:
    """January of a year that has not begun."""
    with turned_to(day(1)) as clock:
        yield clock


def sold(number: int = 1) -> Payment:
    """Two seats, paid for."""
    return scene.pay(hold_seats(make_trip(number=f"T{number}"), "1A", "1B"))


def sold_twice() -> None:
    """Two sales."""
    sold(1), sold(2)


def counted_twice() -> None:
    """Two sales, and checkpoints after each."""
    for number in (1, 2):
        sold(number)
        checkpoint()


def reversed_fee() -> None:
    """A fee that was taken back by an entry of its own."""
    payment = sold()
    fee = JournalEntry.objects.get(kind="fee")
    with transaction.atomic():
        post(
            kind="reversal",
            reference="fee:reversed",
            currency=payment.currency,
            lines=[debit("gateway:stripe:clearing", 7), credit("platform:gateway_fees", 7)],
            reverses_id=fee.pk,
        )


def left() -> None:
    """A trip that has left, and its money is earned."""
    with next_year() as clock:
        sell_and_leave(clock, day(1))


def given_back() -> None:
    """Of what was earned by a trip that left a part went back."""
    with next_year() as clock:
        give_back_earned(sell_and_leave(clock, day(1)).booking_id, 5_000, note="Two hours late.")


def closed() -> None:
    """A month that is closed, and a sale in the next one."""
    with next_year() as clock:
        sell(clock, day(1))
        clock.move_to(day(2))
        close_period(first(1))
        sell(clock, day(2, 11))


def settled() -> None:
    """What an operator earned in a month was approved by one and paid by another."""
    with next_year() as clock:
        payment = sell_and_leave(clock, day(1))
        clock.move_to(day(2))
        assert settle(payment.booking.trip.operator, 1).status == "paid"


def approved_in_error() -> None:
    """What an operator earned was approved, and the approval taken back."""
    with next_year() as clock:
        payment = sell_and_leave(clock, day(1))
        clock.move_to(day(2))
        settlement = draft(payment.booking.trip.operator_id, first(1))
        with acting_as(CLERK):
            approve(settlement.pk, total=settlement.total, due=settlement.due)
            void(settlement.pk, reason="They have another bank.")


def refunded() -> Refund:
    """Seats were given up, and the gateway has paid back what was owed for them."""
    payment = sold()
    cancel(payment.booking_id, Wish())
    refund = Refund.objects.get()
    RefundAttempt.objects.create(refund=refund, number=1, gateway="stripe")
    apply(payment, (RefundTold("re_1", "succeeded", refund.money, moved=True, refund=refund.pk, attempt=1),))
    return refund


def paid_back_there() -> None:
    """Somebody paid a part back in the gateway's dashboard."""
    payment = sold()
    apply(payment, (RefundTold("re_2", "succeeded", Money(1_000, payment.currency), moved=True),))


def disputed() -> None:
    """A bank withholds the money of a sale until it decides."""
    payment = sold()
    nothing = Money(0, payment.currency)
    line = BalanceLine("txn_dp", "adjustment", -payment.money, nothing)
    apply(
        payment,
        (DisputeTold("dp_1", "needs_response", "general", payment.money, None, (Settled(line, -payment.money),)),),
    )


def paid_out() -> None:
    """A payout left the gateway, and arrived."""
    sold()
    money = Money(4_000, "SAR")
    match_line(SimpleNamespace(name="stripe"), BalanceLine("txn_po", "payout", -money, Money(0, "SAR"), "po_1"))
    now = timezone.now()
    note_payout("stripe", PayoutTold("po_1", "paid", money, now + timedelta(days=1), now))


def given_up() -> None:
    """A message of the gateway that no try could process."""
    sold()
    scene.make_event("evt_1", retry_count=5, last_error="no such charge")
