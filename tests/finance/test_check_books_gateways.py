"""check_books asks the gateways what they hold."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from ledger.actions.post import credit, debit, post
from payments.errors import GatewayUnavailable
from payments.gateways.stripe import StripeGateway
from tests.finance.checking import broken, report
from tests.finance.worlds import sold
from tests.payments.scene import buy

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "clearing_is_the_gateways"
TRUTH = {"SAR": 20_993}  # what a sale of 210.00 leaves after its fee of 7


@pytest.fixture
def tells(monkeypatch) -> Callable[..., list[dict[str, int]]]:
    """Let Stripe answer with these, one after the other, doing `meanwhile` each time; returns what it told so far."""

    def answer(*answers: dict[str, int] | Exception, meanwhile: Callable[[], object] = bool) -> list[dict[str, int]]:
        told: list[dict[str, int]] = []

        def balance(_self: StripeGateway) -> dict[str, int]:
            assert not connection.in_atomic_block
            one = answers[min(len(told), len(answers) - 1)]
            if isinstance(one, Exception):
                raise one
            told.append(one)
            meanwhile()
            return one

        monkeypatch.setattr(StripeGateway, "balance", balance)
        return told

    return answer


def of_gateways(*options: str) -> dict:
    (one,) = report("--only", NAME, *options)[0]["checks"]
    return one


def take_a_fee() -> None:
    with transaction.atomic():
        lines = [debit("platform:gateway_fees", 5), credit("gateway:stripe:clearing", 5)]
        post(kind="adjustment", reference=None, currency="SAR", lines=lines)


def test_what_the_gateway_holds_is_in_the_books(sandbox):
    buy(sandbox)
    told = of_gateways()
    assert (told["checked"], told["broken"]) == (1, [])


def test_a_gateway_that_holds_something_else_is_named_with_the_difference(sandbox):
    buy(sandbox)
    take_a_fee()
    told, code = report()
    (row,) = of_gateways()["broken"]
    assert (told["ok"], code) == (False, 1)
    assert [one["name"] for one in told["checks"] if one["broken"]] == [NAME]
    assert (row["subject"], row["amount"], row["currency"]) == ("account gateway:stripe:clearing SAR", -5, "SAR")
    assert "and stripe holds" in row["problem"]


def test_a_currency_that_only_the_gateway_knows_is_a_difference(tells):
    sold()
    tells({**TRUTH, "USD": 40})
    assert broken("--only", NAME) == {
        NAME: ["account gateway:stripe:clearing USD: is 0 in the books, and stripe holds 40"]
    }


def test_one_that_does_not_answer_is_not_checked_and_breaks_nothing(tells):
    sold()
    tells(GatewayUnavailable("It is down."))
    told, code = report("--only", NAME)
    assert (told["ok"], code) == (True, 0)
    assert told["checks"][0]["checked"] == 0
    assert "stripe did not answer, and was not compared: It is down." in told["checks"][0]["notes"]


def test_one_that_tells_no_balance_is_said_so(tells):
    tells({})
    assert "stripe does not tell its balance: not compared." in of_gateways()["notes"]


def test_it_looks_again_if_money_moved_meanwhile(tells):
    sold()
    moves = iter([take_a_fee, bool])
    told = tells({"SAR": 1}, {"SAR": 20_988}, meanwhile=lambda: next(moves)())
    assert of_gateways()["broken"] == []
    assert len(told) == 2


def test_money_that_never_rests_is_not_compared(tells):
    sold()
    told = tells({"SAR": 1}, meanwhile=take_a_fee)
    one = of_gateways()
    assert (one["checked"], one["broken"], len(told)) == (0, [], 5)
    assert "stripe was not compared: its money moved at every look." in one["notes"]


def test_no_gateway_is_asked_if_none_shall_be(tells):
    told = tells({"SAR": 1})
    one = of_gateways("--no-gateways")
    assert (one["checked"], one["broken"], one["notes"], told) == (0, [], ["Not asked for: no gateway was."], [])


def test_money_at_a_gateway_that_is_offered_no_more_is_said_so(settings):
    sold()
    settings.STRIPE_SECRET_KEY = ""
    assert "stripe is not offered any more: not compared." in of_gateways()["notes"]
