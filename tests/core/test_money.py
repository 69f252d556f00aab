"""Money in whole minor units, whatever the currency."""

from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from core.money import CurrencyMismatchError, Money, allocate, share
from payments.gateways.stripe.reading import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("amount", "currency", "major", "english", "arabic"),
    [
        (12_550, "SAR", "125.50", "SAR 125.50", "125.50"),
        (1_250, "JPY", "1250", "¥ 1,250", "1,250"),
        (12_345, "KWD", "12.345", "KWD 12.345", "12.345"),
        (1_500_000, "NGN", "15000.00", "NGN 15,000.00", "15,000.00"),
        (-5, "USD", "-0.05", "-$ 0.05", "0.05"),
    ],
)
def test_minor_units_are_shown_by_the_currencys_digits(amount, currency, major, english, arabic):
    money = Money(amount, currency)
    assert money.major == Decimal(major)
    assert Money.from_major(major, currency) == money
    assert money.format("en") == english
    digits = str.maketrans("٠١٢٣٤٥٦٧٨٩٫٬", "0123456789.,")
    assert arabic in money.format("ar").translate(digits)


def test_in_a_line_from_right_to_left_currency_and_number_stay_together():
    assert Money(2_040_000, "NGN").format("ar") == "NGN\N{NO-BREAK SPACE}20,400.00"
    assert Money(-2_040_000, "SAR").format("ar").split(" ") == [Money(-2_040_000, "SAR").format("ar")]
    with override("ar"):
        assert str(Money(5, "JPY")) == "JP¥\N{NO-BREAK SPACE}5"


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "SAR"), ("0.5", "JPY"), ("0.0001", "KWD")])
def test_what_is_no_whole_minor_unit_is_refused(amount, currency):
    with pytest.raises(ValueError, match="minor units"):
        Money.from_major(amount, currency)


@pytest.mark.parametrize("wrong", [1.0, "1", True, Decimal(1)])
def test_only_integers_count(wrong):
    with pytest.raises(TypeError):
        Money(wrong, "SAR")


@pytest.mark.parametrize("wrong", ["sar", "SA", "", "ريال", "SARX"])
def test_only_currency_codes_name_currencies(wrong):
    with pytest.raises(ValueError, match="currency"):
        Money(1, wrong)


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatchError):
        Money(1, "SAR") + Money(1, "NGN")


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_allocation_loses_and_makes_nothing_and_stays_within_one_unit_of_fair(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part - Decimal(total) * weight / whole) < 1 for part, weight in zip(parts, weights, strict=True))


@given(st.integers(-(10**12), 10**12), st.integers(0, 10_000))
def test_a_share_is_rounded_half_away_from_zero(amount, basis_points):
    exact = Decimal(amount) * basis_points / 10_000
    assert abs(share(amount, basis_points) - exact) <= Decimal("0.5")
    assert share(-amount, basis_points) == -share(amount, basis_points)


@pytest.mark.parametrize(
    ("currency", "stripe"), [("SAR", 500), ("JPY", 500), ("KWD", 500), ("ISK", 50_000), ("UGX", 50_000)]
)
def test_stripe_counts_two_currencies_in_hundredths_of_nothing(currency, stripe):
    assert to_stripe(Money(500, currency)) == stripe
    assert from_stripe(stripe, currency.lower()) == Money(500, currency)
