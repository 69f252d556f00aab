"""Money: an integer number of minor units together with its currency, never a float and never a bare number."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from babel.numbers import format_currency
from django.db import models
from django.utils.translation import get_language, get_language_info

# How many decimal digits a currency's minor unit stands for; two where nothing is said here. ISO 4217, except that
# MGA (whose fifth is no decimal) is counted in whole ariary as both gateways do.
_DIGITS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


def minor_digits(currency: str) -> int:
    """Decimal digits of the currency's minor unit: 2 for SAR, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)


def can_be_charged(amount: int, currency: str) -> bool:
    """Whether gateways take so many minor units: card networks settle three-decimal currencies in steps of ten."""
    return amount > 0 and (minor_digits(currency) < 3 or amount % 10 == 0)


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies cannot be added or compared."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`amount` minor units of `currency` (ISO 4217 code in capitals)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Money counts whole minor units, not {self.amount!r}.")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no ISO 4217 currency code.")

    @classmethod
    def from_major(cls, amount: Decimal | str | int, currency: str) -> Self:
        """Money from major units (`"12.50"`, "SAR"). Raises ValueError if they do not fit whole minor units."""
        scaled = Decimal(amount).scaleb(minor_digits(currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} {currency} is no whole number of minor units.")
        return cls(int(scaled), currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return self.format()

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency} do not add up.")
        return other.amount

    def format(self, language: str | None = None) -> str:
        """For people, in the reader's language: `SAR 125.00`."""
        language = language or get_language() or "en"
        digits = minor_digits(self.currency)
        number = "#,##0" + ("." + "0" * digits if digits else "")
        pattern = f"¤ {number}"
        if get_language_info(language)["bidi"]:
            # Torn apart at the end of a line, its parts are read in the wrong order; a minus sign alone would stray.
            pattern = f"¤\N{NO-BREAK SPACE}{number};¤\N{NO-BREAK SPACE}\N{LEFT-TO-RIGHT MARK}-{number}"
        return format_currency(
            self.major,
            self.currency,
            format=pattern,
            locale=language.replace("-", "_"),
            currency_digits=False,
        )

    def to_json(self) -> dict[str, int | str]:
        """The API's shape: `{"amount": 12500, "currency": "SAR"}`."""
        return {"amount": self.amount, "currency": self.currency}


def allocate(total: int, weights: list[int]) -> list[int]:
    """Split minor units in proportion to weights by the largest remainder, so that the parts sum to the whole.

    Ties go to the earlier part. All weights zero: an even split. Negative totals split like positive ones.
    """
    if not weights:
        raise ValueError("There is nothing to allocate to.")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def share(amount: int, basis_points: int) -> int:
    """That many hundredths of a percent of an amount in minor units, rounded half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) * basis_points * 2 + 10_000) // 20_000)


def without_tax(amount: int, tax_bps: int) -> int:
    """The part of an amount with so many hundredths of a percent of tax in it that is no tax, rounded half up."""
    whole = 10_000 + tax_bps
    return (amount * 10_000 * 2 + whole) // (whole * 2)


class CurrencyField(models.CharField):  # type: ignore[type-arg]  # generic to the type checker only
    """An ISO 4217 code."""

    def __init__(self, **kwargs: object) -> None:
        kwargs["max_length"] = 3
        super().__init__(**kwargs)  # type: ignore[arg-type]
