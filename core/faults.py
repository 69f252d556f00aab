"""Points at which tests end a process as hard as a power cut would, to show that nothing is lost there.

Every transaction (core.transactions) and every call to a gateway has one before and one after it, by construction.
Only with ENVIRONMENT=test is there a file that arms them (FAULT_FILE): it holds the name of one point, and the process
that comes there first takes the file away and is killed. Anywhere else, passing a point does nothing.
"""

import os
import signal
from pathlib import Path

from django.conf import settings

_declared: set[str] = set()


def declare(step: str) -> None:
    """A step of a use case, with a point before it and one after it."""
    _declared.update((before(step), after(step)))


def points() -> list[str]:
    """Every point there is."""
    return sorted(_declared)


def before(step: str) -> str:
    """The point before a step."""
    return f"before {step}"


def after(step: str) -> str:
    """The point after a step."""
    return f"after {step}"


def passing(point: str) -> None:
    """Come to a point."""
    if settings.FAULT_FILE and _takes(Path(settings.FAULT_FILE), point):
        os.kill(os.getpid(), signal.SIGKILL)


def _takes(armed: Path, point: str) -> bool:
    try:
        if armed.read_text() != point:
            return False
        armed.unlink()
    except FileNotFoundError:
        return False
    return True
