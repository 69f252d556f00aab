"""How the stack ends: what writes first, what keeps data last, and ever harder."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from embedded.processes import is_alive

PAUSE = 0.05  # seconds between two looks
LAST_PATIENCE = 1.0  # seconds that a signal after the first has to work


@dataclass(frozen=True)
class Ending:
    """How one kind of process is ended.

    Stages follow one another; the processes of one stage end side by side. Each signal is sent when the one before did
    not help, the first after `patience` seconds. `leader`: the process leads a group, whose rest is killed with it.
    """

    stage: int
    patience: float
    signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    leader: bool = True


# The patience adds up to less than 20 seconds. PostgreSQL: SIGINT is its fast shutdown, SIGQUIT the immediate one.
ENDINGS: Mapping[str, Ending] = {
    "foreground": Ending(0, 7, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), leader=False),
    "application": Ending(0, 7),
    "sandbox": Ending(1, 2),
    "valkey": Ending(2, 3),
    "postgres": Ending(3, 4, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)),
}


def end_all(kinds: Mapping[int, str], pause: Callable[[], None] = lambda: time.sleep(PAUSE)) -> None:
    """Ends the processes, given as pid → name in ENDINGS, and returns when the last is gone or cannot be ended.

    `pause` is called between two looks; a parent reaps its children there.
    """
    for stage in sorted({ENDINGS[kind].stage for kind in kinds.values()}):
        _end_stage({pid: ENDINGS[kind] for pid, kind in kinds.items() if ENDINGS[kind].stage == stage}, pause)


def _end_stage(members: Mapping[int, Ending], pause: Callable[[], None]) -> None:
    for turn in range(max(len(ending.signals) for ending in members.values())):
        living = {pid: ending for pid, ending in members.items() if is_alive(pid)}
        for pid, ending in living.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, ending.signals[min(turn, len(ending.signals) - 1)])
        patience = LAST_PATIENCE if turn else max(ending.patience for ending in members.values())
        deadline = time.monotonic() + patience
        while any(map(is_alive, living)) and time.monotonic() < deadline:
            pause()
    for pid, ending in members.items():
        if ending.leader:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
