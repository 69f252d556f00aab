"""Flutterwave's objects as facts, its amounts as money, its answers as errors."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from core.money import Money
from payments.actions.sync import sync
from payments.errors import GatewayError, GatewayUnavailable, OutcomeUnknown
from payments.gateways import flutterwave as adapter
from payments.gateways import gateway
from payments.gateways.base import Declined, Failed, Paid, Processing
from payments.gateways.flutterwave import client
from payments.gateways.flutterwave.reading import (
    from_flutterwave,
    number,
    paid_facts,
    refund_fact,
    to_flutterwave,
    unpaid_facts,
)
from payments.models import Refund, RefundAttempt
from tests.payments.flutterwave import buy, hold, send, start, webhooks
from tests.payments.reconciling import command
from tests.payments.scene import books

AMOUNTS = [
    (Money(12_050, "NGN"), "120.50", "120.5"),
    (Money(1, "NGN"), "0.01", "0.01"),
    (Money(1_999, "XOF"), "1999", "1999"),
    (Money(12_340, "KWD"), "12.340", "12.34"),
    (Money(999_999_999_999, "USD"), "9999999999.99", "9999999999.99"),
    (Money(30, "USD"), "0.30", "0.3"),
]


@pytest.mark.parametrize(("money", "sent", "told"), AMOUNTS)
def test_amounts_are_exact_both_ways(money, sent, told):
    assert to_flutterwave(money) == sent
    for text in (sent, told):
        assert from_flutterwave(json.loads(text, parse_float=Decimal), money.currency) == money
        assert from_flutterwave(text, money.currency) == money


@pytest.mark.parametrize("amount", ["1.005", "0.5e-3", "NaN", "many", None, True, 0.1, [], "Infinity"])
def test_what_is_no_amount_of_minor_units_is_no_money(amount):
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        from_flutterwave(amount, "NGN")


@pytest.mark.parametrize("value", [0.5, True, None, "1a", "", "-1", "9" * 19, Decimal("1E+9"), []])
def test_what_is_no_id_is_refused(value):
    with pytest.raises(ValueError, match="is no id"):
        number(value)


def transaction(**changes):
    return {
        "id": 288200108,
        "tx_ref": "x",
        "amount": 1000,
        "currency": "NGN",
        "app_fee": 14,
        "amount_settled": 936,
        "status": "successful",
        "payment_type": "card",
        "created_at": "2026-01-02T21:45:08.000Z",
        **changes,
    }


def test_all_that_does_not_reach_the_balance_is_the_fee():
    paid, settled = paid_facts(transaction())
    assert paid == Paid("288200108", "288200108", Money(100_000, "NGN"))
    assert (settled.line.amount, settled.line.fee) == (Money(100_000, "NGN"), Money(6_400, "NGN"))
    assert settled.line.at == datetime(2026, 1, 2, 21, 45, 8, tzinfo=UTC)


def test_what_is_not_settled_yet_has_no_fee_yet():
    assert len(paid_facts(transaction(amount_settled=None))) == 1


@pytest.mark.parametrize(
    ("currency", "amount", "reached", "fee"),
    [
        ("XOF", 10_500, "10195.5", 304),  # 2.9 % of francs, which have no smaller unit: half up
        ("RWF", 10_493, "10188.703", 304),
        ("NGN", "104.93", "101.88703", 304),
        ("NGN", "104.93", "101.884999", 305),
    ],
)
def test_a_fee_of_less_than_a_minor_unit_is_rounded(currency, amount, reached, fee):
    paid, settled = paid_facts(transaction(currency=currency, amount=amount, amount_settled=Decimal(reached)))
    assert paid.received == Money.from_major(amount, currency)
    assert settled.line.fee == Money(fee, currency)


@pytest.mark.parametrize("reached", [0, -5, "many", True, [], {}, "NaN", "Infinity"])
def test_a_fee_that_cannot_be_read_keeps_back_no_money(reached):
    assert paid_facts(transaction(amount_settled=reached)) == (Paid("288200108", "288200108", Money(100_000, "NGN")),)


def test_a_time_that_cannot_be_read_keeps_back_no_money():
    assert len(paid_facts(transaction(created_at="soon"))) == 1


@pytest.mark.parametrize(
    ("tries", "fact"),
    [
        ([], None),
        ([("card", "pending")], None),  # somebody types, or gave up typing
        ([("card", "failed")], Declined),
        ([("card", "failed"), ("card", "pending")], Declined),
        ([("bank_transfer", "pending")], Processing),
        ([("ussd", "pending"), ("card", "failed")], Processing),
        ([("mobilemoneygh", "failed")], Failed),
        ([("bank_transfer", "failed"), ("card", "failed")], Failed),
        ([("bank_transfer", "failed"), ("bank_transfer", "pending")], Processing),
        ([("bank_transfer", "failed"), ("card", "successful")], None),
        ([("bank_transfer", "reversed")], None),
    ],
)
def test_what_tries_mean_does_not_depend_on_their_order(tries, fact):
    objects = [{"payment_type": kind, "status": status} for kind, status in tries]
    for order in (objects, objects[::-1]):
        told = unpaid_facts(order, timezone.now())
        assert [type(one) for one in told] == ([fact] if fact else [])


REFUNDS = [
    ("completed", "pending"),
    ("processing", "pending"),
    ("pending-momo", "pending"),
    ("something new", "pending"),
    ("completed-mpgs", "succeeded"),
    ("completed-bank-transfer", "succeeded"),
    ("completed-momo", "succeeded"),
    ("completed-offline", "succeeded"),
    ("completed-preauth", "succeeded"),
    ("failed", "failed"),
]


@pytest.mark.parametrize(("status", "ours"), REFUNDS)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_refund_is_paid_only_when_flutterwave_says_by_which_way(status, ours, as_text):
    meta = {"source": "availablebalance"}
    refund = {"id": 75923, "amount_refunded": Decimal("69.5"), "status": status, "comments": "berth-refund-12-3"}
    told = refund_fact(refund | {"meta": json.dumps(meta) if as_text else meta}, "NGN")
    assert (told.refund_id, told.status, told.amount) == ("75923", ours, Money(6_950, "NGN"))
    assert (told.refund, told.attempt, told.mark) == (12, 3, "")
    assert (told.moved, told.returned) == (True, ours == "failed")
    failed = refund_fact(refund | {"meta": json.dumps(meta | {"disburse_status": "failed"})}, "NGN")
    assert (failed.status, failed.returned) == ("failed", True)


def test_a_refund_is_known_again_by_its_mark():
    attempt = RefundAttempt(refund_id=12, number=3, created_at=datetime(2026, 11, 20, 8, 30, 15, 123_456, UTC))
    assert attempt.mark == "berth-refund-12-3-20261120083015123456"
    told = refund_fact({"id": 1, "AmountRefunded": 5, "status": "completed", "comments": attempt.mark}, "NGN")
    assert (told.refund, told.attempt, told.mark) == (12, 3, attempt.mark)
    assert told.names(attempt)
    assert not told.names(RefundAttempt(refund_id=12, number=3, created_at=datetime(2026, 11, 20, tzinfo=UTC)))


@pytest.mark.parametrize("comments", [None, "", "by the clerk", "berth-refund-", "refund 12-3"])
def test_a_refund_with_other_comments_is_not_ours_by_name(comments):
    told = refund_fact({"id": 1, "AmountRefunded": 5, "status": "completed", "comments": comments, "meta": "{"}, "NGN")
    assert (told.refund, told.attempt, told.amount) == (None, None, Money(500, "NGN"))


def answered(status, body, **headers):
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer.headers.update(headers)
    return answer


ERROR = {"status": "error", "message": "Some error occured", "data": None}
VERDICTS = [
    (answered(400, ERROR), GatewayError),
    (answered(401, ERROR), GatewayError),
    (answered(403, ERROR), GatewayError),
    (answered(404, ERROR), GatewayError),
    (answered(422, ERROR), GatewayError),
    (answered(200, ERROR), GatewayError),
    (answered(400, ERROR | {"message": "No transaction was found for this id"}), client.NothingFound),
    (answered(404, ERROR | {"message": "No transaction was found for this id"}), client.NothingFound),
    (answered(400, ERROR | {"data": "Error: Insufficient funds in your wallet"}), GatewayUnavailable),
    (answered(429, b"slow down"), GatewayUnavailable),
    (answered(200, b"<html>"), OutcomeUnknown),
    (answered(200, []), OutcomeUnknown),
    (answered(200, {"message": "no status"}), OutcomeUnknown),
    (answered(201, {"status": "success", "message": "", "data": {}}), OutcomeUnknown),
    (answered(302, b""), OutcomeUnknown),
    (answered(409, ERROR), OutcomeUnknown),
    (answered(500, ERROR), OutcomeUnknown),
    (answered(503, ERROR), OutcomeUnknown),
    (requests.ReadTimeout(), OutcomeUnknown),
    (requests.ConnectionError("the connection was closed"), OutcomeUnknown),
    (requests.ConnectTimeout(), GatewayUnavailable),
]


@pytest.mark.parametrize(("answer", "raised"), VERDICTS)
def test_only_what_certainly_was_not_done_counts_as_refused(monkeypatch, answer, raised):
    def request(self, *_args, **_options):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(requests.Session, "request", request)
    with pytest.raises(GatewayError if issubclass(raised, GatewayError) else GatewayUnavailable) as told:
        client._sent("POST", "transactions/1/refund")
    assert type(told.value) is raised
    assert "occured" not in told.value.detail


def test_the_key_goes_into_every_request_whatever_the_machine_thinks(monkeypatch, settings, tmp_path):
    (tmp_path / "netrc").write_text("machine flutterwave.test login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    settings.FLUTTERWAVE_API_BASE = "http://flutterwave.test"
    sent = []

    def send(self, request, **_options):
        sent.append(request)
        return answered(200, {"status": "success", "data": []})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    client._sent("GET", "balances")
    assert sent[0].headers["Authorization"] == f"Bearer {settings.FLUTTERWAVE_SECRET_KEY}"


@pytest.mark.django_db
def test_charges_are_listed_newest_first_over_any_number_of_pages(sandbox):
    payment = start(hold())
    paid = [str(sandbox.pay_flutterwave(payment.session_id)["id"]) for _ in range(12)]
    sandbox.pay_flutterwave(payment.session_id, "declined")
    offered = gateway("flutterwave")
    reports = list(offered.charges(datetime.now(UTC) - timedelta(hours=1)))
    assert [report.charge_id for report in reports] == paid[::-1]
    assert {report.payment_id for report in reports} == {payment.pk}
    assert {type(report.facts[0]) for report in reports} == {Paid}
    assert list(offered.charges(datetime.now(UTC) + timedelta(hours=1))) == []
    assert offered.look_up(paid[0]) == reports[-1]
    assert offered.look_up("1") is None
    assert offered.look_up("re_1") is None


@pytest.mark.django_db
def test_what_flutterwave_does_not_tell_is_nothing(sandbox):
    offered, now = gateway("flutterwave"), datetime.now(UTC)
    assert [*offered.lines(now), *offered.payouts(now), *offered.lines_of("1")] == []
    assert offered.balance() == {}


# --------------------------------------------------------------------------------------------------- a fee that changes
@pytest.mark.django_db(transaction=True)
def test_a_fee_that_changes_after_it_was_posted_is_told_and_keeps_back_no_other_news(sandbox, monkeypatch):
    _booking, payment = buy(sandbox)
    fee = books("NGN")["platform:gateway_fees"]

    def changed(told):
        return paid_facts({**told, "amount_settled": told["amount_settled"] - 1})

    monkeypatch.setattr(adapter, "paid_facts", changed)
    sandbox.control("flutterwave/refund", transaction=int(payment.intent_id), amount="10.00")
    assert {send(body).status_code for body in webhooks(sandbox)} == {200}
    assert sync(payment.pk).refunded_amount == Refund.objects.get().amount == 1_000
    for _again in range(2):
        (detail,) = command()["details"]
        assert (detail["finding"], detail["outcome"]) == ("amount_differs", "reported")
        assert detail["action"] == (
            f"here a fee of {Money(fee, 'NGN').format('en')}, there {Money(fee + 100, 'NGN').format('en')}"
        )
    assert books("NGN")["platform:gateway_fees"] == fee
