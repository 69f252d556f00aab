"""What commands about the books take, and what they say to anything else."""

from argparse import ArgumentTypeError
from datetime import date

from ledger.models import Account


def day(text: str) -> date:
    """A day as 2026-11-30. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day: write it as 2026-11-30") from None


def currency(text: str) -> str:
    """A currency that there are accounts in, or any as long as there are none. Raises ArgumentTypeError."""
    there = sorted(Account.objects.values_list("currency", flat=True).distinct())
    if there and text.upper() not in there:
        raise ArgumentTypeError(f"there are no books in {text.upper()}, only in {', '.join(there)}")
    return text.upper()
