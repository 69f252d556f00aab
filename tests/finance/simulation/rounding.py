"""How amounts are rounded, as decisions 0018 and 0019 say it: on exact fractions, in minor units."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

WHOLE = 10_000  # basis points


def half_up(exact: Fraction) -> int:
    """The nearest whole minor unit; a half goes up."""
    return floor(exact + Fraction(1, 2))


def part(amount: int, basis_points: int) -> int:
    """So many hundredths of a percent."""
    return half_up(Fraction(amount * basis_points, WHOLE))


def without_tax(amount: int, tax_bps: int) -> int:
    """What is left of an amount that has so much tax in it."""
    return half_up(Fraction(amount * WHOLE, WHOLE + tax_bps))


def in_proportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole parts that sum to the amount: each rounded down, the rest to the largest remainders, the earlier first."""
    if not sum(weights):
        weights = [1] * len(weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [floor(one) for one in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts
