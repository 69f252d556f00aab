"""What a scene is, and how it is declared."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.races.journey import Journey


@dataclass(frozen=True)
class End:
    """How a booking and its payment end, and its refunds with what each comes to."""

    booking: str
    payment: str = "succeeded"
    refunds: tuple[str, ...] = ()


CONFIRMED = End("confirmed")
EXPIRED = End("expired", "cancelled")
GIVEN_UP = End("cancelled", "cancelled")
REFUNDED = End("refunded", "partially_refunded", ("succeeded",))

START, APPLY = "payments.actions.start", "payments.actions.apply.apply"
CANCEL, REFUND = "payments.actions.cancel", "payments.actions.refund"

Play = Callable[[Journey], End]


@dataclass(frozen=True)
class Scene:
    """A scene, and who dies in it (web or worker), before or after which steps."""

    play: Play
    victim: str
    steps: tuple[str, ...]
    gateway: str

    @property
    def name(self) -> str:
        """As the output of the tests has it."""
        return self.play.__name__


SCENES: list[Scene] = []


def scene(victim: str, *steps: str, gateway: str = "stripe") -> Callable[[Play], Play]:
    """Declare a scene."""

    def declare(play: Play) -> Play:
        SCENES.append(Scene(play, victim, steps, gateway))
        return play

    return declare
