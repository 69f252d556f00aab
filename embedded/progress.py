"""Progress on standard error, so that standard output belongs to the command that was asked for."""

import contextlib
import sys
import time
from collections.abc import Iterator


def say(text: str, end: str = "\n") -> None:
    """Prints; a terminal that has gone away must not keep the servers from being stopped."""
    with contextlib.suppress(OSError, ValueError):
        print(text, end=end, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """`label … 2.3 s`, or how else it ended; exceptions go on."""
    say(f"{label} … ", end="")
    started = time.monotonic()
    try:
        yield
    except Exception:
        say("failed")
        raise
    except BaseException:  # somebody asked to stop
        say("stopped")
        raise
    seconds = time.monotonic() - started
    say(f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s")
