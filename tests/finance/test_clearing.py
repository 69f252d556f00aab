"""What the books say that the gateways hold, beside what these say."""

import pytest

from finance.reports.clearing import clearing
from finance.reports.days import today
from ledger.actions.post import credit, debit, post
from tests.finance.reading import command, part, summed
from tests.payments import flutterwave
from tests.payments.scene import buy, held_by_gateway

pytestmark = pytest.mark.django_db
STRIPE, FLUTTERWAVE = "gateway:stripe:clearing", "gateway:flutterwave:clearing"


def row(report, gateway: str, currency: str = "SAR"):
    (found,) = [one for one in part(report, currency).rows if one["gateway"] == gateway]
    return found


def test_the_books_agree_with_a_gateway_that_tells(sandbox, sales):
    held = summed()[STRIPE, "SAR"]
    assert held == held_by_gateway(sandbox)["SAR"]
    assert row(clearing(), "stripe") == {
        "gateway": "stripe",
        "ledger": held,
        "held": held,
        "difference": 0,
        "state": "agrees",
    }


def test_a_difference_is_books_less_gateway(sandbox, sales):
    post(kind="adjustment", reference="by:mistake", currency="SAR", lines=[debit(STRIPE, 300), credit("suspense", 300)])
    found = row(clearing(), "stripe")
    assert (found["difference"], found["state"]) == (300, "differs")


def test_money_in_a_currency_that_the_books_do_not_know_is_told(sandbox, sales):
    sandbox.book("adjustment", 700, "usd")
    found = row(clearing(), "stripe", "USD")
    assert (found["ledger"], found["held"], found["difference"]) == (0, 700, -700)


def test_a_gateway_that_does_not_tell_is_not_compared(sandbox):
    buy(sandbox)
    flutterwave.buy(sandbox, currency="NGN")
    found = row(clearing(), "flutterwave", "NGN")
    assert found == {
        "gateway": "flutterwave",
        "ledger": summed()[FLUTTERWAVE, "NGN"],
        "held": None,
        "difference": None,
        "state": "not_comparable",
    }


@pytest.mark.parametrize("state", ["not_reached", "refused"])
def test_each_gateway_that_fails_is_told_by_itself(sandbox, monkeypatch, state):
    from payments.errors import GatewayError, GatewayUnavailable
    from payments.gateways.stripe import StripeGateway

    buy(sandbox)
    flutterwave.buy(sandbox, currency="NGN")
    error = GatewayUnavailable if state == "not_reached" else GatewayError

    def fail(self):
        raise error

    monkeypatch.setattr(StripeGateway, "balance", fail)
    report = clearing()
    assert (row(report, "stripe")["state"], row(report, "stripe")["held"]) == (state, None)
    assert row(report, "stripe")["ledger"] == summed()[STRIPE, "SAR"]
    assert row(report, "flutterwave", "NGN")["state"] == "not_comparable"


def test_a_gateway_without_keys_is_not_asked(sandbox, settings):
    buy(sandbox)
    settings.STRIPE_SECRET_KEY = ""
    assert row(clearing(), "stripe")["state"] == "not_offered"


def test_on_an_earlier_day_no_gateway_is_asked(sandbox, sales, monkeypatch):
    monkeypatch.setattr("payments.gateways.gateway", lambda name: pytest.fail("asked"))
    report = clearing(at=today())
    assert (row(report, "stripe")["state"], row(report, "stripe")["ledger"]) == ("past", summed()[STRIPE, "SAR"])
    assert report.period == {"at": today().isoformat(), "compared_at": None}


def test_the_command_says_when_it_compared(sandbox, sales):
    told = command("clearing")
    assert told.keys() == {"report", "at", "compared_at", "currencies"}
    assert told["compared_at"].startswith(today().isoformat())
    assert [one["state"] for one in told["currencies"]["SAR"]["rows"]] == ["agrees"]
