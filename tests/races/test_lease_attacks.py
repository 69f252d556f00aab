"""The lease of a refund against the news of it: they take turns, whichever comes first, and nothing is sent twice."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Queue
from threading import Event
from typing import Any

import pytest
from django.db import connection

from core import transactions
from payments.actions import refund as refund_module
from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.refund import submit
from payments.actions.sync import sync
from payments.effects import refunding
from payments.errors import GatewayUnavailable
from payments.gateways.stripe import StripeGateway
from payments.models import Refund, RefundAttempt
from tests.payments.scene import assert_gateway_agrees, buy, fresh, lapse_refunds, send_refunds
from tests.races.rivals import at_once, wait_for_waiters
from tests.services import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

Background = Callable[[Callable[[], Any]], Future[Any]]


@pytest.fixture
def refund(sandbox, monkeypatch) -> Refund:
    """The gateway made it; whoever asked for it died before the answer, and the lease has lapsed. No deadlock hides."""
    booking, _payment = buy(sandbox)
    cancel(booking.pk, Wish())
    with monkeypatch.context() as crash:
        crash.setattr(refund_module, "apply", crash_now)
        with pytest.raises(KilledError):
            submit(Refund.objects.get().pk)
    lapse_refunds()
    monkeypatch.setattr(transactions, "_TRIES", 1)
    return Refund.objects.get()


class KilledError(Exception):
    """The process ends here."""


def crash_now(*_asked: Any) -> None:
    raise KilledError


class Pause:
    """Calls of a function stop before it, with all their locks, until they may go on."""

    def __init__(self, monkeypatch, module: Any, name: str) -> None:
        self._reached: Queue[Any] = Queue()
        self._go_on = Event()
        call = getattr(module, name)

        def pause_and_call(*asked: Any) -> Any:
            if not self._go_on.is_set():
                self._reached.put(connection.connection)
                assert self._go_on.wait(PATIENCE)
            return call(*asked)

        monkeypatch.setattr(module, name, pause_and_call)

    def let_wait(self, background: Background, first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
        """The first one stops, the second one waits for its locks; then both go on. What came of them."""
        begun = [background(first)]
        holder = self._reached.get(timeout=PATIENCE)
        begun.append(background(second))
        wait_for_waiters(holder)
        self._go_on.set()
        return [future.exception(PATIENCE) or future.result() for future in begun]


def assert_paid_back_once(sandbox, refund: Refund) -> None:
    send_refunds()
    assert fresh(refund).status == "succeeded"
    assert RefundAttempt.objects.count() == len(sandbox.objects("refunds")) == 1
    assert_gateway_agrees(sandbox)


def test_a_worker_waits_for_the_news_and_has_nothing_left_to_send(sandbox, refund, background, monkeypatch):
    pause = Pause(monkeypatch, refunding, "tell_paid")  # written, and not committed
    _news, sent = pause.let_wait(background, partial(sync, refund.payment_id), partial(submit, refund.pk))
    assert sent == "skipped"
    assert_paid_back_once(sandbox, refund)


def test_the_news_wait_for_a_worker_who_takes_the_lease(sandbox, refund, background, monkeypatch):
    pause = Pause(monkeypatch, refund_module, "_latest")  # in the midst of the lease
    sent, _news = pause.let_wait(background, partial(submit, refund.pk), partial(sync, refund.payment_id))
    assert sent == "sent"
    assert_paid_back_once(sandbox, refund)


def test_of_two_refunds_of_a_payment_one_is_sent_at_a_time(sandbox, background, monkeypatch):
    _booking, payment = buy(sandbox)
    first, second = (give_courtesy(payment.pk, 500, note="late departure") for _clerk in range(2))
    asked, send = [], StripeGateway.refund

    def count(gateway: StripeGateway, attempt: RefundAttempt) -> Any:
        asked.append(attempt.refund_id)
        if len(asked) == 1:
            raise GatewayUnavailable
        return send(gateway, attempt)

    monkeypatch.setattr(StripeGateway, "refund", count)
    ends = at_once(*[partial(submit, refund.pk) for refund in (first, second) * 4])
    assert not [end for end in ends if isinstance(end, Exception)]
    assert len(asked) == len(set(asked)) <= 2
    for _round in range(2):
        lapse_refunds()
        send_refunds()
    assert {fresh(refund).status for refund in (first, second)} == {"succeeded"}
    assert sorted(refund["amount"] for refund in sandbox.objects("refunds")) == [500, 500]
    assert_gateway_agrees(sandbox)
