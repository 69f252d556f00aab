"""What tests counted or measured, printed at the end of the run whichever process ran them.

A test notes it down with pytest's `record_property(name, value)`: whole numbers are added up by name over all tests, a
text is a line of its own.
"""

from collections import Counter
from collections.abc import Iterable

import pytest


def lines(reports: Iterable[pytest.TestReport]) -> list[str]:
    """What these tests noted down: the sums by name, then the texts in the order of the tests."""
    sums: Counter[str] = Counter()
    told: list[str] = []
    for report in reports:
        for name, value in report.user_properties:
            if isinstance(value, int):
                sums[name] += value
            else:
                told.append(f"{name}: {value}")
    return [*(f"{number:,} {name}" for name, number in sorted(sums.items())), *told]
