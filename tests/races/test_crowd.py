"""A hundred people and machines do everything at once to one booking: nothing deadlocks, fails or gets out of step.

At a server that repeats no transaction, so that a deadlock cannot hide, and with the gateway's own webhooks coming in.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from bookings.models import Booking
from core.models import OutboxMessage, StatusChange
from payments.actions.expire import expire_ended_holds
from payments.actions.reconcile import Options, reconcile
from payments.actions.refund import process_due_refunds
from payments.actions.start import start_payment
from payments.models import GatewayEvent, Payment, Refund
from tests.database import age_hold
from tests.payments.scene import assert_gateway_agrees, lapse_refunds
from tests.races.crowd import Crowd, statuses
from tests.races.rivals import at_once
from tests.races.travellers import Traveller, travellers
from tests.services import Sandbox, wait_until
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = ("1A", "1B", "1C", "1D")
BEFORE_PAYING = {
    "start": 15, "extend": 15, "leave": 10, "pay": 5, "sync": 10, "come_back": 5, "cancel": 5, "hear_again": 15,
    "courtesy": 5, "send_refunds": 5, "sweep": 10,
}  # fmt: skip
PAYING = {
    "start": 5, "extend": 10, "leave": 5, "pay": 5, "sync": 15, "come_back": 10, "cancel": 10, "hear_again": 20,
    "courtesy": 10, "send_refunds": 5, "sweep": 5,
}  # fmt: skip
PAID = {
    "start": 2, "extend": 3, "leave": 5, "sync": 15, "cancel": 20, "hear_again": 20, "courtesy": 15,
    "dashboard_refund": 5, "send_refunds": 10, "sweep": 5,
}  # fmt: skip


@pytest.fixture
def traveller(unforgiving, sandbox) -> Iterator[Traveller]:
    sandbox.mode(delivery="auto")
    with travellers(unforgiving, 1) as (one,):
        yield one


def held(traveller: Traveller, sandbox: Sandbox) -> Booking:
    booking = hold_seats(make_trip(), *SEATS, owner_id=traveller.user_id)
    age_hold(booking, 5)  # so that it can be extended
    return booking


def paying(traveller: Traveller, sandbox: Sandbox) -> Booking:
    booking = held(traveller, sandbox)
    start_payment(booking.pk)
    return booking


def paid(traveller: Traveller, sandbox: Sandbox) -> Booking:
    booking = paying(traveller, sandbox)
    sandbox.pay(Payment.objects.get().session_id or "")
    wait_until(lambda: sandbox.events("charge.updated"), "the charge's fee")
    hear_everything(sandbox)
    return booking


def hear_everything(sandbox: Sandbox) -> None:
    def all_is_told() -> bool:
        return all(delivery["state"] == "delivered" for delivery in sandbox.state["deliveries"])

    wait_until(all_is_told, "every event to be told")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("begin", "mix"), [(held, BEFORE_PAYING), (paying, PAYING), (paid, PAID)], ids=["held", "paying", "paid"]
)
def test_a_hundred_at_once(
    sandbox, traveller, deadlocks, begin: Callable[[Traveller, Sandbox], Booking], mix: dict[str, int], seed: int
):
    assert sum(mix.values()) == 100
    booking = begin(traveller, sandbox)
    ends = at_once(*Crowd(traveller, sandbox, booking, random.Random(seed)).deeds(**mix))

    failures = [end for end in ends if isinstance(end, Exception)]
    assert failures == []
    hear_everything(sandbox)
    answers = Counter(status for end in ends for status in statuses(end))
    answers.update(attempt["status"] for one in sandbox.state["deliveries"] for attempt in one["tries"])
    assert max(answers) < 500, answers
    settle(sandbox, booking)
    assert_in_step(sandbox, booking)
    assert deadlocks() == 0


def settle(sandbox: Sandbox, booking: Booking) -> None:
    """The day ends: everything is told, refunds are sent, and a hold that nobody paid is over."""
    age_hold(booking, 90)
    expire_ended_holds()
    for _round in range(Refund.objects.count() + 2):
        hear_everything(sandbox)
        lapse_refunds()
        process_due_refunds()
    assert not Refund.objects.filter(status__in=Refund.UNDER_WAY).exists()
    assert not GatewayEvent.objects.filter(processed_at=None).exists()


def assert_in_step(sandbox: Sandbox, booking: Booking) -> None:
    """Booking, payments, refunds and books here are what the gateway has."""
    state = sandbox.state
    booking.refresh_from_db()
    payments = list(Payment.objects.filter(booking=booking))
    charges = [charge for charge in state["charges"] if charge["status"] == "succeeded"]
    assert {payment.charge_id for payment in payments if payment.is_paid} == {charge["id"] for charge in charges}
    assert sum(payment.received_amount for payment in payments) == sum(charge["amount"] for charge in charges)
    refunds = Refund.objects.filter(status="succeeded")
    assert sorted(refund.amount for refund in refunds) == sorted(refund["amount"] for refund in state["refunds"])
    assert sum(payment.refunded_amount for payment in payments) == sum(refund.amount for refund in refunds)
    confirmed = StatusChange.objects.filter(subject_type="bookings.booking", to_status="confirmed")
    mails = OutboxMessage.objects.filter(kind="booking.confirmed")
    assert confirmed.filter(subject_id=str(booking.pk)).count() == mails.count() == (booking.paid_amount > 0)
    assert booking.status in ("confirmed", "cancelled", "refunded", "expired")
    assert_gateway_agrees(sandbox)
    assert reconcile(Options(limit=0))["details"] == []
