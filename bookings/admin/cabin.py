"""A cabin drawn on a staff page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from bookings.models import SeatMap
from bookings.pages import cabin
from bookings.queries import SeatState
from core.admin.display import Text

STATES: dict[str, Text] = {
    "free": _("free"),
    "held": _("held"),
    "sold": _("sold"),
    "blocked": _("blocked"),
}


@dataclass(frozen=True)
class SeatOnLeg:
    """A seat on one leg; `booking` is the id of the booking that has it."""

    leg: str
    status: str = "free"
    booking: int | None = None
    reference: str = ""

    @property
    def title(self) -> str:
        """What the mark means, in words."""
        return f"{self.leg}: {STATES[self.status]} {self.reference}".strip()


@dataclass(frozen=True)
class DrawnSeat(SeatState):
    """A seat with its state on every leg of a trip, or on none in a plan without a trip."""

    legs: Sequence[SeatOnLeg] = field(default=())


@dataclass(frozen=True)
class Cabin:
    """A section that draws seats; `states` and `features` are explained below its title."""

    title: Text
    letters: Sequence[str]
    rows: Sequence[cabin.Row]
    states: dict[str, Text]
    features: set[str]
    template: ClassVar[str] = "admin/sections/cabin.html"


def draw(seat_map: SeatMap, title: Text, legs: Mapping[int, Sequence[SeatOnLeg]] | None = None) -> Cabin:
    """The seats of a seat map; `legs` has the state of each by its id."""
    seats = [
        DrawnSeat(
            number=seat.number,
            row=seat.row,
            column=seat.column,
            fare_class=seat.fare_class,
            features=tuple(seat.features),
            price=None,
            status="free",
            legs=legs[seat.pk] if legs else (),
        )
        for seat in seat_map.seats.order_by("row", "column")
    ]
    return Cabin(
        title,
        cabin.layout(seat_map.columns),
        list(cabin.rows(seat_map.columns, seats)),
        STATES if legs else {},
        {feature for seat in seats for feature in seat.features},
    )
