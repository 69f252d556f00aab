"""Amounts as Flutterwave writes them: in major units, as JSON numbers. Inside, the sandbox counts minor units."""

from decimal import Decimal

from sandbox.flutterwave.errors import FlutterwaveError

# What a merchant can be paid in; flutterwave.com/us/support names them as the currencies that are accepted.
CURRENCIES = frozenset(
    (
        "NGN", "USD", "EUR", "GBP", "CAD", "CLP", "COP", "EGP", "GHS", "GNF", "KES", "MAD", "MWK", "RWF", "SLE", "STN",
        "TZS", "UGX", "XAF", "XOF", "ZAR", "ZMW",
    )
)  # fmt: skip
WITHOUT_DECIMALS = frozenset({"CLP", "GNF", "RWF", "UGX", "XAF", "XOF"})
LARGEST = 10**13  # minor units: below this, a JSON number holds any amount exactly

FEE_PER_MILLE = 14


def minor(amount: Decimal, currency: str) -> int:
    """Minor units. Raises FlutterwaveError for an amount that is not one of whole minor units, or none at all."""
    scaled = amount.scaleb(_decimals(currency))
    if not 0 < scaled < LARGEST or scaled != scaled.to_integral_value():
        raise FlutterwaveError(f"amount {amount} is not a valid amount in {currency}")
    return int(scaled)


def major(amount: int, currency: str) -> int | float:
    """The number for the API: 98.6, and 100 instead of 100.0."""
    exact = Decimal(amount).scaleb(-_decimals(currency))
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def app_fee(amount: int) -> int:
    """What the sandbox keeps of a charge: 1.4 %, rounded half up to the minor unit."""
    return (amount * FEE_PER_MILLE + 500) // 1000


def formatted(amount: int, currency: str) -> str:
    """For people: `NGN 1,250.00`."""
    return f"{currency} {Decimal(amount).scaleb(-_decimals(currency)):,}"


def _decimals(currency: str) -> int:
    return 0 if currency in WITHOUT_DECIMALS else 2
