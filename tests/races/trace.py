"""What traced processes came to (tests.races.traced), read again: one run of lines for each request and task."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.services import wait_until


@dataclass
class Run:
    """A request or a task: who served it, and what it came to, in order."""

    who: str
    lines: list[str] = field(default_factory=list)

    @property
    def points(self) -> set[tuple[str, str]]:
        """The fault points, each with who came to it."""
        return {(self.who, line.removeprefix("point ")) for line in self.lines if line.startswith("point ")}

    @property
    def unguarded(self) -> list[tuple[str, str]]:
        """Two changes, here or at a gateway, with no point between them; or a call with none before it."""
        return [
            (one, other)
            for one, other in pairwise(["begin", *self.lines])
            if (_is_change(one) and _is_change(other)) or (_is_call(other) and not one.startswith("point before "))
        ]


def _is_call(line: str) -> bool:
    return line.startswith("call ")


def _is_change(line: str) -> bool:
    return line in ("commit", "call POST")


class Trace:
    """The file that traced processes write."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def watching(self, who: str, *points: str) -> Iterator[None]:
        """Wait until they came to all these points because of the block."""
        seen = len(self.runs())
        yield
        wanted = {(who, point) for point in points}
        wait_until(lambda: wanted <= points_of(self.runs()[seen:]), f"{who} to come to {points}")

    def runs(self) -> list[Run]:
        """Every request and task so far."""
        found: list[Run] = []
        of_thread: dict[str, Run] = {}
        for line in self._file.read_text().splitlines():
            thread, what = line.split(" ", 1)
            if what.startswith("begin "):
                of_thread[thread] = Run(what.removeprefix("begin "))
                found.append(of_thread[thread])
            elif (run := of_thread.get(thread)) and not (_is_call(what) and run.lines[-1:] == [what]):
                run.lines.append(what)  # what a client repeats by itself is one call
        return found


def points_of(runs: list[Run]) -> set[tuple[str, str]]:
    """All that they came to."""
    return set[tuple[str, str]]().union(*(run.points for run in runs))
