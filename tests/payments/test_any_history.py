"""Whatever travellers, staff, banks and the gateway do to a booking's money, one after the other: the books add up."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from bookings.actions.cancel_trip import cancel_trip
from bookings.actions.complete import complete_departed_bookings
from bookings.models import Operator
from core.errors import InvalidState, Problem
from payments.actions.after_departure import give_back_earned, mark_no_shows
from payments.actions.cancel import Wish, cancel
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.give_back import account_as_courtesy, give_courtesy, pay_by_hand, replace, try_again
from payments.actions.match_payouts import match_all
from payments.actions.reconcile import Options, reconcile
from payments.actions.sync import sync
from payments.errors import RefundTooLarge
from payments.models import Dispute, Refund
from tests.clock import Clock, turned_to
from tests.payments.gateway import send
from tests.payments.scene import (
    assert_gateway_agrees,
    books,
    buy,
    charge_of,
    fresh,
    lapse_refunds,
    send_refunds,
    tell_all,
)
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)
HISTORIES, DEEDS = 24, 20
NOTE = "Somebody said so."
FAILED = Refund.objects.filter(status="failed").exclude(reason="gateway")


class History:
    """A sale of three seats, and all that may happen to it. What is refused at a moment does not happen."""

    def __init__(self, sandbox: Any, clock: Clock, seed: int) -> None:
        self.sandbox, self.clock = sandbox, clock
        self.chance, self.told = random.Random(seed), [f"history {seed}"]
        self.trip = make_trip(days=self.chance.choice([1, 7]))
        terms = {
            "commission_tax_bps": 1_500,
            "no_show_refund_percent": 30,
            "bears_disputes": self.chance.random() < 0.7,
        }
        Operator.objects.update(**terms)
        self.booking, self.payment = buy(sandbox, "1A", "1B", "1C", trip=self.trip)
        self.charge = charge_of(sandbox, self.payment)["id"]

    def go_on(self) -> None:
        """Something happens."""
        deeds: dict[Callable[[], object], int] = {
            self.seats_are_cancelled: 3,
            self.the_trip_is_cancelled: 1,
            self.the_trip_leaves: 1,
            self.staff_pay_back_what_was_earned: 2,
            self.somebody_did_not_show_up: 1,
            self.staff_are_generous: 3,
            self.staff_decide: 4,
            self.the_dashboard_pays_back: 4,
            self.a_refund_arrives_or_not: 5,
            self.refunds_are_sent: 5,
            self.the_bank_asks: 1,
            self.the_bank_decides: 3,
            self.news_comes: 4,
            self.the_gateway_is_asked: 3,
        }
        (deed,) = self.chance.choices(list(deeds), list(deeds.values()))
        self.told.append(deed.__name__)
        with suppress(Problem, httpx.HTTPStatusError):
            self.told[-1] += f": {deed()}"

    def end(self) -> None:
        """Everything is heard and done that still can be."""
        self.sandbox.mode(refund_outcome="succeeded")
        for _time in range(3):
            tell_all(self.sandbox)
            self.refunds_are_sent()
            self.the_gateway_is_asked()

    def staff_settle_what_failed(self) -> None:
        """Each goes another way as far as it did, and the rest is paid from the bank."""
        for refund in FAILED.order_by("pk"):
            with suppress(InvalidState):
                replace(refund.pk, note=NOTE)
        for refund in FAILED.order_by("pk"):
            with suppress(RefundTooLarge):
                pay_by_hand(refund.pk, note=NOTE)

    # --------------------------------------------------------------------------------------------------------- deeds
    def seats_are_cancelled(self) -> object:
        live = [passenger.seat.number for passenger in fresh(self.booking).live_passengers()]
        seats = self.chance.sample(live, self.chance.randint(1, len(live))) if live else ["1A"]
        cancel(self.booking.pk, Wish(seats=seats, in_full=self.chance.random() < 0.5))
        return seats

    def the_trip_is_cancelled(self) -> object:
        cancel_trip(self.trip.pk, reason="Storm")
        return clear_cancelled_trips()

    def the_trip_leaves(self) -> object:
        self.clock.move_to(self.booking.boarding.departs_at + timedelta(minutes=1))
        return complete_departed_bookings()

    def staff_pay_back_what_was_earned(self) -> object:
        return give_back_earned(self.booking.pk, self.chance.randint(1, 20_000), note=NOTE).status

    def somebody_did_not_show_up(self) -> object:
        live = [passenger.seat.number for passenger in fresh(self.booking).live_passengers()] or ["1A"]
        return mark_no_shows(self.booking.pk, self.chance.sample(live, 1), reason=NOTE).status

    def staff_are_generous(self) -> object:
        return give_courtesy(self.payment.pk, self.chance.randint(1, 9_000), note=NOTE).money

    def staff_decide(self) -> object:
        refund = self.one_of(Refund.objects.order_by("pk"))
        decide = self.chance.choice([try_again, pay_by_hand, replace, account_as_courtesy])
        return refund and (decide.__name__, decide(refund.pk, note=NOTE))

    def the_dashboard_pays_back(self) -> object:
        return self.sandbox.refund_in_dashboard(self.charge, self.chance.randint(1, 9_000))["amount"]

    def a_refund_arrives_or_not(self) -> object:
        self.sandbox.mode(refund_outcome=self.chance.choice(["pending", "succeeded"]))
        refund = self.one_of(self.sandbox.objects("refunds"))
        return refund and self.sandbox.settle_refund(refund["id"], success=self.chance.random() < 0.4)["status"]

    def refunds_are_sent(self) -> object:
        lapse_refunds()
        return send_refunds()

    def the_bank_asks(self) -> object:
        amount = self.chance.choice([None, self.chance.randint(1, 20_000)])
        return self.sandbox.dispute(self.charge, amount, inquiry=self.chance.random() < 0.3)["amount"]

    def the_bank_decides(self) -> object:
        dispute = self.one_of(self.sandbox.objects("disputes"))
        if not dispute:
            return None
        if dispute["status"] == "lost":
            return self.sandbox.reinstate_dispute(dispute["id"])["status"]
        return self.sandbox.move_dispute(dispute["id"], self.chance.choice(["won", "lost", "warning_closed"]))["status"]

    def news_comes(self) -> object:
        event = self.one_of(self.sandbox.state["events"])
        assert send(event).status_code == 200
        return event["type"]

    def the_gateway_is_asked(self) -> object:
        return sync(self.payment.pk).status

    def one_of(self, some: Any) -> Any:
        some = list(some)
        return self.chance.choice(some) if some else None


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_books_add_up(sandbox, seed):
    with turned_to(timezone.now(), sandbox) as clock:
        history = History(sandbox, clock, seed)
        for _time in range(DEEDS):
            history.go_on()
        history.end()
        judge(sandbox, history)


def judge(sandbox: Any, history: History) -> None:
    """Everything agrees: the gateway, the books, and what is known about the booking's money."""
    assert match_all()["suspense"] == 0, history.told
    assert reconcile(Options(limit=0))["details"] == [], history.told
    assert_gateway_agrees(sandbox)
    left, booking, payment = books(), fresh(history.booking), fresh(history.payment)
    refunds, disputes = list(Refund.objects.all()), list(Dispute.objects.all())
    ours = [refund for refund in refunds if refund.reason != "gateway"]
    owed = sum(refund.amount for refund in ours if refund.status in ("requested", "submitting", "failed"))
    assert left.get("refunds:payable", 0) == -owed, history.told
    unexplained = [refund.unexplained_amount for refund in refunds if refund.status != "failed"]
    assert left.get("suspense", 0) == sum(unexplained), history.told
    withheld = [dispute.held_amount for dispute in disputes if dispute.status != "lost"]
    assert left.get("gateway:stripe:disputed", 0) == sum(withheld), history.told
    operators = ("operator:OPSAR:payable", "platform:commission", "tax:commission")
    for code in ("travellers:unearned", "tax:payable", "platform:booking_fees", *operators):
        assert left.get(code, 0) <= 0, (code, history.told)
    assert left.get("platform:goodwill", 0) >= 0, history.told
    if booking.is_over or booking.status in ("cancelled", "refunded"):
        assert left.get("travellers:unearned", 0) == 0, history.told
    by_us = sum(refund.amount for refund in ours if refund.status == "succeeded")
    assert by_us <= payment.received_amount, history.told
    if not any(dispute.is_undecided for dispute in disputes):
        history.staff_settle_what_failed()
        assert not FAILED.exists(), history.told
        assert "refunds:payable" not in books(), history.told
        assert_gateway_agrees(sandbox)
