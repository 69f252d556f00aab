"""Fifty clerks give back money of one payment at once: never more than is left of it, whoever checks."""

import random
from collections.abc import Callable
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection

from payments.actions.give_back import give_courtesy
from payments.effects import standing
from payments.errors import RefundTooLarge
from payments.models import Payment, Refund
from tests.database import as_owner
from tests.payments.scene import assert_gateway_agrees, books, buy, fresh, lapse_refunds, send_refunds
from tests.races.rivals import at_once
from tests.services import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

CLERKS = 50
SEED = 20_260_423


@pytest.fixture
def payment(sandbox) -> Payment:
    return buy(sandbox)[1]


def asked_for(payment: Payment) -> int:
    return sum(Refund.objects.filter(payment=payment).values_list("amount", flat=True))


def test_fifty_clerks_never_give_back_more_than_came(sandbox, payment):
    luck = random.Random(SEED)
    amounts = [luck.randint(1, payment.amount // 3) for _clerk in range(CLERKS)]
    assert sum(amounts) > 5 * payment.amount
    ends = at_once(*[partial(give_courtesy, payment.pk, amount, note="late departure") for amount in amounts])

    given = [end for end in ends if isinstance(end, Refund)]
    assert given
    assert all(isinstance(end, RefundTooLarge) for end in ends if end not in given), ends
    left = payment.amount - asked_for(payment)
    assert 0 <= left < min(amount for amount, end in zip(amounts, ends, strict=True) if end not in given)
    assert books()["platform:goodwill"] == asked_for(payment)

    for _refund in given:  # those of one payment are sent one after the other
        lapse_refunds()
        send_refunds()
    assert {fresh(refund).status for refund in given} == {"succeeded"}
    assert fresh(payment).refunded_amount == sum(refund["amount"] for refund in sandbox.state["refunds"])
    assert_gateway_agrees(sandbox)


def look_then_write(payment: Payment, amount: int, everybody_has_looked: Callable[[], Any]) -> Refund | None:
    """What a clerk would do without a lock."""
    enough = standing.left(payment) >= amount
    connection.close()  # there are not so many in the pool that all could wait with theirs
    everybody_has_looked()
    if not enough:
        return None
    return Refund.objects.create(payment=payment, amount=amount, currency=payment.currency, reason="goodwill")


def fifty_look_then_write(payment: Payment) -> list[Any]:
    """Each wants a tenth of the payment, and all of them look before any of them writes."""
    barrier = Barrier(CLERKS)
    write = partial(look_then_write, payment, payment.amount // 10, lambda: barrier.wait(PATIENCE))
    return at_once(*[write] * CLERKS)


def test_past_our_own_check_postgresql_refuses(payment):
    ends = fifty_look_then_write(payment)
    refused = [end for end in ends if isinstance(end, IntegrityError)]
    assert len(refused) == CLERKS - 10
    assert {error.__cause__.diag.constraint_name for error in refused} == {"refund_within_payment"}
    assert asked_for(payment) == payment.amount // 10 * 10


def test_without_its_guard_five_times_the_payment_would_go_back(payment):
    with as_owner() as owner:
        owner.execute("ALTER TABLE payments_refund DISABLE TRIGGER guard_refund_within_payment_insert")
    ends = fifty_look_then_write(payment)
    assert all(isinstance(end, Refund) for end in ends), ends
    assert asked_for(payment) == payment.amount // 10 * CLERKS
