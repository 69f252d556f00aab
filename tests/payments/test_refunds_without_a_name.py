"""Refunds of which a gateway does not tell whose they are: ours if they can be, and paid once in any case."""

import pytest

from payments.actions.cancel import Wish, cancel
from payments.actions.give_back import give_courtesy
from payments.actions.sync import sync
from payments.gateways import circuit
from payments.gateways import flutterwave as adapter
from payments.gateways.flutterwave import FlutterwaveGateway
from payments.models import Refund, RefundAttempt
from tests.payments import flutterwave
from tests.payments.reconciling import command
from tests.payments.scene import books, buy, charge_of, fresh, lapse_refunds, send_refunds, tell_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale(sandbox):
    return flutterwave.buy(sandbox)


def made(sandbox) -> list[dict]:
    return sandbox.flutterwave_state["refunds"]


@pytest.fixture
def no_comments(monkeypatch):
    """A list that does not repeat what we wrote beside a refund."""
    real = adapter.pages

    def silent(path, **query):
        for one in real(path, **query):
            yield {name: value for name, value in one.items() if name != "comments"}

    monkeypatch.setattr(adapter, "pages", silent)


def test_a_refund_that_is_known_is_not_taken_for_a_lost_one(sandbox, sale, no_comments):
    _booking, payment = sale
    give_courtesy(payment.pk, 700, note="delay")
    send_refunds()
    give_courtesy(payment.pk, 700, note="broken seat")
    sandbox.fault("drop", gateway="flutterwave", method="POST")
    assert send_refunds()["waiting"] == 1
    lapse_refunds()
    send_refunds()
    assert len(made(sandbox)) == RefundAttempt.objects.exclude(gateway_refund_id=None).count() == 2


def test_a_lost_refund_is_found_even_where_the_list_does_not_repeat_our_comments(sandbox, sale, no_comments):
    booking, payment = sale
    sandbox.control("flutterwave/refund", transaction=int(payment.intent_id), amount="1.00")  # not ours
    cancel(booking.pk, Wish())
    sandbox.fault("drop", gateway="flutterwave", method="POST", after_effect=True)
    send_refunds()
    lapse_refunds()
    assert send_refunds()["sent"] == 1
    (refund,) = Refund.objects.filter(reason="cancelled")
    assert refund.attempts.get().gateway_refund_id == str(made(sandbox)[1]["id"])
    assert len(made(sandbox)) == 2


@pytest.fixture
def no_comments_on_it(monkeypatch):
    """A refund, asked for by its id, that does not repeat them."""
    real = FlutterwaveGateway._refund

    def silent(self, refund_id):
        return {name: value for name, value in real(self, refund_id).items() if name != "comments"}

    monkeypatch.setattr(FlutterwaveGateway, "_refund", silent)


@pytest.fixture
def unheard(sandbox, sale) -> Refund:
    """Done there, its answer lost, and the lookup met an outage: it waits to be looked up again."""
    booking, _payment = sale
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))  # so that as much is left for another
    sandbox.fault("drop", gateway="flutterwave", method="POST", path=".*refund", after_effect=True)
    assert send_refunds()["waiting"] == 1
    lapse_refunds()
    sandbox.fault("error", status=503, gateway="flutterwave", method="GET", path=".*refunds", times=0)
    assert send_refunds()["waiting"] == 1
    sandbox.clear_faults()
    circuit.of("flutterwave").reset()
    refund = Refund.objects.get()
    assert refund.status == "requested"
    return refund


def assert_paid_once(sandbox, refund: Refund) -> None:
    lapse_refunds()
    send_refunds()
    flutterwave.tell_all(sandbox)
    assert len(made(sandbox)) == 1
    assert list(Refund.objects.values_list("pk", "status")) == [(refund.pk, "succeeded")]
    assert not {"refunds:payable", "suspense"} & books("NGN").keys()


def test_news_without_a_name_of_one_that_waits_to_be_looked_up_is_of_ours(
    sandbox, unheard, no_comments, no_comments_on_it
):
    flutterwave.tell_all(sandbox)
    assert_paid_once(sandbox, unheard)


def test_a_look_without_names_at_one_that_waits_to_be_looked_up_finds_ours(sandbox, unheard, no_comments):
    sync(unheard.payment_id)
    assert_paid_once(sandbox, unheard)


def test_news_without_a_name_and_a_list_with_names_agree(sandbox, unheard, no_comments_on_it):
    flutterwave.tell_all(sandbox)
    assert_paid_once(sandbox, unheard)


def test_of_two_of_one_amount_it_is_the_one_that_is_being_sent(sandbox, sale, no_comments_on_it, monkeypatch):
    booking, _payment = sale
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    sandbox.fault("rate_limit", gateway="flutterwave", method="POST", path=".*refund", retry_after=1)
    assert send_refunds()["waiting"] == 1
    cancel(booking.pk, Wish(seats=["1B"], in_full=True))
    real = FlutterwaveGateway.refund

    def refund(self, attempt):
        told = real(self, attempt)
        flutterwave.tell_all(sandbox)  # the webhook is quicker than the answer
        return told

    monkeypatch.setattr(FlutterwaveGateway, "refund", refund)
    for _turn in range(3):
        send_refunds()
        lapse_refunds()
    flutterwave.tell_all(sandbox)
    assert len(made(sandbox)) == 2
    assert set(Refund.objects.values_list("status", flat=True)) == {"succeeded"}
    assert "refunds:payable" not in books("NGN")


def unclear_at_stripe(sandbox) -> tuple[Refund, str]:
    """A refund that was not made, and we do not know that; and its charge."""
    booking, payment = buy(sandbox, "1A", "1B")
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    sandbox.fault("error", status=500, method="POST", path="/v1/refunds", times=0)
    assert send_refunds()["waiting"] == 1
    sandbox.clear_faults()
    circuit.of("stripe").reset()
    return Refund.objects.get(), charge_of(sandbox, payment)["id"]


def test_a_dashboard_refund_of_the_same_amount_is_not_taken_for_ours(sandbox):
    """Stripe always repeats our names: one without is not ours."""
    refund, charge = unclear_at_stripe(sandbox)
    sandbox.refund_in_dashboard(charge, refund.amount)
    tell_all(sandbox)
    assert fresh(refund).status == "submitting"
    lapse_refunds()
    send_refunds()
    tell_all(sandbox)
    assert len(sandbox.state["refunds"]) == 2
    assert fresh(refund).status == "succeeded"
    theirs = Refund.objects.get(reason="gateway")
    assert (theirs.amount, theirs.accounted) == (refund.amount, False)
    assert books()["suspense"] == refund.amount
    assert command()["details"] == []


def test_a_dashboard_refund_with_other_words_beside_it_is_not_taken_for_ours(sandbox, sale):
    booking, payment = sale
    cancel(booking.pk, Wish(seats=["1A"], in_full=True))
    refund = Refund.objects.get()
    sandbox.fault("error", status=500, gateway="flutterwave", method="POST", path=".*refund")
    assert send_refunds()["waiting"] == 1
    sandbox.control(
        "flutterwave/refund",
        transaction=int(payment.intent_id),
        amount=str(refund.money.major),
        comments="by the clerk",
    )
    flutterwave.tell_all(sandbox)
    assert Refund.objects.get(reason="gateway").amount == refund.amount
    lapse_refunds()
    send_refunds()
    assert len(made(sandbox)) == 2
    flutterwave.tell_all(sandbox)
    assert fresh(refund).status == "succeeded"
