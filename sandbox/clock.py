"""The clock by which the gateways date and judge: when something was created, ends, is due, or was signed.

A test turns it, and it ticks on from there. How long something took is measured by the real one.
"""

import time


class Clock:
    """Unix seconds, UTC."""

    def __init__(self) -> None:
        self.ahead = 0.0  # seconds

    def time(self) -> float:
        """The time now, with its fractions."""
        return time.time() + self.ahead

    def turn_to(self, at: float | None) -> None:
        """From now on it is so late; None: the real time."""
        self.ahead = 0.0 if at is None else at - time.time()


CLOCK = Clock()  # one for the process, as it has one store


def now() -> int:
    """Unix seconds, UTC."""
    return int(CLOCK.time())
