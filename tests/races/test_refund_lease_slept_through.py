"""A worker that sleeps until another has taken over its lease sends nothing, and undoes nothing of the other's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from payments.actions import refund as refund_module
from payments.actions.cancel import Wish, cancel
from payments.actions.refund import submit
from payments.errors import GatewayError, GatewayUnavailable
from payments.gateways import circuit, gateway
from payments.models import GatewayCall, Refund, RefundAttempt
from tests.payments import flutterwave
from tests.payments.scene import buy, fresh, lapse_refunds, send_refunds

pytestmark = pytest.mark.django_db(transaction=True)

Sleeper = Callable[..., None]


@pytest.fixture(params=["stripe", "flutterwave"])
def name(request) -> str:
    circuit.of(request.param).reset()
    return request.param


@pytest.fixture
def refund(sandbox, name) -> Refund:
    booking, _payment = (flutterwave.buy if name == "flutterwave" else buy)(sandbox)
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    return Refund.objects.get()


@pytest.fixture
def sleep_in(monkeypatch, name) -> Sleeper:
    """The first worker sleeps at the beginning of one of the gateway's methods, while something else is done."""

    def arrange(method: str, meanwhile: Callable[[], Any], error: Exception | None = None) -> None:
        adapter = type(gateway(name))
        real, asleep = getattr(adapter, method), iter([True])

        def slow(self: Any, attempt: RefundAttempt) -> Any:
            if next(asleep, False):
                meanwhile()
                if error:
                    raise error
            return real(self, attempt)

        monkeypatch.setattr(adapter, method, slow)

    return arrange


def made(sandbox, name: str) -> int:
    return len(sandbox.state["refunds"] if name == "stripe" else sandbox.flutterwave_state["refunds"])


def take_over(refund: Refund) -> Callable[[], None]:
    def other() -> None:
        lapse_refunds()
        assert submit(refund.pk) == "sent"

    return other


def assert_paid_once(sandbox, name: str, refund: Refund) -> None:
    assert made(sandbox, name) == GatewayCall.objects.filter(operation="refund").count() == 1
    lapse_refunds()
    send_refunds()
    assert fresh(refund).status == "succeeded"
    assert Refund.objects.count() == 1


def test_what_another_has_sent_is_not_sent_again(sandbox, name, refund, sleep_in):
    sleep_in("refund", take_over(refund))
    assert submit(refund.pk) == "skipped"
    assert_paid_once(sandbox, name, refund)


def test_an_attempt_after_one_that_was_looked_up_in_vain_is_made_once(sandbox, name, refund, monkeypatch):
    sandbox.fault("error", status=500, gateway=name, method="POST", path=".*refund")
    assert submit(refund.pk) == "waiting"
    lapse_refunds()
    real = type(gateway(name)).find_refund
    asleep = iter([True])

    def slow(self: Any, attempt: RefundAttempt) -> Any:
        told = real(self, attempt)
        if next(asleep, False):
            take_over(refund)()
        return told

    monkeypatch.setattr(type(gateway(name)), "find_refund", slow)
    assert submit(refund.pk) == "skipped"
    assert made(sandbox, name) == 1
    assert [one.number for one in refund.attempts.order_by("number")] == [1, 2]


@pytest.mark.parametrize("error", [GatewayError(), GatewayUnavailable(retry_after=1)], ids=["refused", "unreached"])
def test_what_the_sleeper_hears_late_does_not_touch_the_lease_of_another(name, refund, sleep_in, error):
    taken: list[Refund] = []

    def other() -> None:
        Refund.objects.update(due_at=refund.created_at + timedelta(days=1))
        taken.append(fresh(refund))

    sleep_in("refund", other, error)
    submit(refund.pk)
    assert (fresh(refund).status, fresh(refund).due_at) == ("submitting", taken[0].due_at)
    assert not refund.attempts.get().is_over


def test_a_lease_that_ran_out_while_it_was_looked_up_is_kept_if_nobody_took_it(name, refund, monkeypatch):
    with monkeypatch.context() as short:
        short.setattr(Refund, "LEASE", timedelta(0))
        leased = refund_module._lease(refund.pk)
    assert leased.attempt.refund.keep_lease()
    assert submit(refund.pk) == "skipped"
    assert fresh(refund).due_at - refund.due_at > timedelta(minutes=1)
    assert gateway(name).refund(leased.attempt).amount == refund.money
