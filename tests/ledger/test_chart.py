"""The chart of accounts."""

import pytest

from ledger.chart import kind_of
from ledger.errors import AccountUnknownError
from ledger.models import AccountKind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("bank", "asset"),
        ("cash:desk-1", "asset"),
        ("gateway:stripe:clearing", "asset"),
        ("gateway:flutterwave:disputed", "asset"),
        ("gateway:stripe:in_transit", "asset"),
        ("travellers:unearned", "liability"),
        ("refunds:payable", "liability"),
        ("tax:payable", "liability"),
        ("operator:AIS:payable", "liability"),
        ("operator:17:due", "liability"),
        ("operator:NaijaExpress:reserve", "liability"),
        ("platform:booking_fees", "income"),
        ("platform:commission", "income"),
        ("platform:bad_debts", "expense"),
        ("platform:cash_differences", "expense"),
        ("platform:chargeback_losses", "expense"),
        ("platform:dispute_fees", "expense"),
        ("platform:gateway_fees", "expense"),
        ("platform:goodwill", "expense"),
        ("fx:SAR", "clearing"),
        ("suspense", "clearing"),
    ],
)
def test_every_account_of_the_chart_has_its_kind(code, kind):
    assert kind_of(code) == kind


@pytest.mark.parametrize(
    "code", ["", "Bank", "bank ", "bank:1", "gateway::clearing", "gateway:a:b:clearing", "operator:x", "platform:other"]
)
def test_any_other_code_is_unknown(code):
    with pytest.raises(AccountUnknownError):
        kind_of(code)


def test_credits_add_up_on_liabilities_and_income_and_debits_elsewhere():
    assert {kind.value: kind.normal_sign for kind in AccountKind} == {
        "asset": 1,
        "expense": 1,
        "clearing": 1,
        "liability": -1,
        "income": -1,
    }
