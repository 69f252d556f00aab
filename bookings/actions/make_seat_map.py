"""Lay out the seats of a vehicle."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from bookings.models import Seat, SeatMap, Vehicle


@dataclass(frozen=True)
class Rows:
    """Rows from first to last that are alike; features are those of every seat in them."""

    first: int
    last: int
    fare_class: str
    features: tuple[str, ...] = ()


@transaction.atomic
def make_seat_map(*, vehicle: Vehicle, columns: str, cabin: Sequence[Rows]) -> SeatMap:
    """Make the next version of a vehicle's seat map; trips keep the one that they were made with.

    `columns`: letters from left to right, a space where an aisle is. Window and aisle seats follow from it.
    """
    Vehicle.objects.select_for_update(no_key=True).get(pk=vehicle.pk)  # versions are counted by one at a time
    last = vehicle.seat_maps.aggregate(last=Max("version"))["last"] or 0
    seat_map = SeatMap.objects.create(vehicle=vehicle, version=last + 1, columns=columns)
    places = _places(columns)
    Seat.objects.bulk_create(
        Seat(
            seat_map=seat_map,
            number=f"{row}{letter}",
            row=row,
            column=letter,
            fare_class=alike.fare_class,
            features=[*place, *alike.features],
        )
        for alike in cabin
        for row in range(alike.first, alike.last + 1)
        for letter, place in places.items()
    )
    return seat_map


def _places(columns: str) -> dict[str, list[str]]:
    """For each letter whether it is at a window, at an aisle, both or neither."""
    places = {}
    for position, letter in enumerate(columns):
        window = position in (0, len(columns) - 1)
        aisle = " " in columns[max(0, position - 1) : position + 2]
        places[letter] = ["window"] * window + ["aisle"] * aisle
    places.pop(" ", None)
    return places
