"""A process that outlives run.py by a moment and ends what it started, even when run.py is killed with -9.

It reads a pipe whose only writer is run.py. Every child writes its own `+ pid kind` line between fork and exec, so none
can run unknown to the guard; run.py writes `- pid` when it has reaped one. The end of the pipe is the end of run.py,
by whatever cause: the guard then ends what is left. An ordinary stop goes the same way, by closing the pipe.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from embedded import PROJECT, stop_request
from embedded.ending import PAUSE, end_all


class Guard:
    """run.py's side."""

    def __init__(self, log: Path, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors (the state folder's lock) that stay open until the last process has ended."""
        reader, self._writer = os.pipe()
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "embedded.guard"],
                cwd=PROJECT,
                stdin=reader,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=keep_open,
            )
        os.close(reader)

    def announce(self, kind: str) -> None:
        """Called in a child before exec; `kind` is a name in ENDINGS. Short writes to a pipe are atomic."""
        os.write(self._writer, f"+ {os.getpid()} {kind}\n".encode())

    def forget(self, pid: int) -> None:
        with contextlib.suppress(BrokenPipeError):  # the guard itself has died: its parent will see that
            os.write(self._writer, f"- {pid}\n".encode())

    def end(self, reap: Callable[[], object]) -> None:
        """Has everything ended that was announced and not forgotten, calling `reap` while it goes on."""
        os.close(self._writer)
        while self.process.poll() is None:
            reap()
            time.sleep(PAUSE)


def watch(lines: TextIO) -> None:
    """The guard's side: reads until run.py is gone, then ends what it left."""
    kinds: dict[int, str] = {}
    for line in lines:
        sign, pid, *kind = line.split()
        if sign == "+":
            kinds[int(pid)] = kind[0]
        else:
            kinds.pop(int(pid), None)
    end_all(kinds)


if __name__ == "__main__":
    stop_request.ignore()
    watch(sys.stdin)
