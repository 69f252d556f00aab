"""What is to happen and when: a heap of deeds, and the moments of a day at which things happen."""

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

HOURS = (4, 8, 12, 16, 20)  # UTC, each at twenty past: trips leave at the full and the half hour, policies change then
DEED = Callable[..., object]


class Agenda:
    """Deeds in the order of their moments; those of the same moment in the order in which they were put down."""

    def __init__(self, *, hours: Sequence[int] = HOURS, days: int = 1) -> None:
        """The moments are at these hours of every so many days."""
        self._hours, self._days = hours, days
        self._deeds: list[tuple[datetime, int, DEED, tuple[Any, ...]]] = []
        self._number = count()

    def put(self, moment: datetime, deed: DEED, *about: Any) -> None:
        """It happens then."""
        heapq.heappush(self._deeds, (moment, next(self._number), deed, about))

    def take(self) -> tuple[datetime, list[tuple[DEED, tuple[Any, ...]]]] | None:
        """The next moment and its deeds; None: nothing more will happen."""
        if not self._deeds:
            return None
        moment, due = self._deeds[0][0], []
        while self._deeds and self._deeds[0][0] == moment:
            _moment, _number, deed, about = heapq.heappop(self._deeds)
            due.append((deed, about))
        return moment, due

    def slot_after(self, moment: datetime) -> datetime:
        """The first of the moments after this one."""
        moment = moment.astimezone(UTC)
        day = moment.date()
        while True:
            for hour in self._hours if day.toordinal() % self._days == 0 else ():
                slot = datetime.combine(day, time(hour, 20), tzinfo=UTC)
                if slot > moment:
                    return slot
            day += timedelta(days=1)
