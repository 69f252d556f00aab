"""The processes of one run: started, watched, and ended in the right order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded import stop_request
from embedded.ending import PAUSE, end_all
from embedded.errors import RunError
from embedded.guard import Guard
from embedded.processes import command_line
from embedded.state import State

SHOWN_LINES = 20
LARGEST_LOG = 5_000_000  # bytes; a larger one is put aside when its process starts again


@dataclass
class Child:
    name: str
    kind: str  # how it ends: a name in ENDINGS
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int  # where this process's part of the log begins

    def error(self, what: str) -> RunError:
        """That something is wrong with this child, with the end of its log."""
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            lines = file.read().decode(errors="replace").splitlines()[-SHOWN_LINES:]
        return RunError(f"{self.name} {what}; its log is {self.log}", lines)


def _nothing() -> None:
    pass


class Stack:
    """A context manager around a taken state folder: at its end everything has ended and the folder is free."""

    def __init__(self, state: State, command: str) -> None:
        self.state = state
        self._children: list[Child] = []
        self._foreground: subprocess.Popen[bytes] | None = None
        self._run: dict[str, object] = {"pid": os.getpid(), "command": command}
        self._end_left_overs()
        self._guard = Guard(state.logs / "guard.log", keep_open=[state.lock_descriptor])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        kind: str = "application",
        cwd: Path | None = None,
        enter: Callable[[], None] = _nothing,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> Child:
        """Starts a child that writes to logs/`name`.log and that a Ctrl-C in the terminal does not reach.

        `enter` runs in the child just before exec. `stdout` (the log unless given) may be subprocess.PIPE.
        """
        log = self.state.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
        with log.open("ab") as output:
            start = output.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                arguments,
                env=env,
                cwd=cwd,
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: self._before_exec(kind, enter),  # noqa: PLW1509 - there are no threads here
            )
        child = Child(name, kind, process, log, start)
        self._children.append(child)
        self._note_children()
        return child

    def run(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        enter: Callable[[], None] = _nothing,
        text: str = "",
        capture: bool = False,
    ) -> str:
        """Runs a program to its end, with `text` as its input; returns its standard output if `capture`, else logs it.

        Raises: RunError with the end of its log unless it exits with 0.
        """
        stdout = subprocess.PIPE if capture else None
        child = self.start(name, arguments, env=env, cwd=cwd, enter=enter, stdin=subprocess.PIPE, stdout=stdout)
        output, _ = child.process.communicate(text.encode())
        self._drop(child)
        if child.process.returncode != 0:
            raise child.error(f"failed (exit code {child.process.returncode})")
        return (output or b"").decode()

    def run_in_foreground(self, arguments: Sequence[str | Path], *, env: Mapping[str, str]) -> int:
        """Runs a program that owns the terminal meanwhile; returns its exit code as a shell would tell it."""
        terminal = os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
        if terminal:  # Ctrl-C reaches the program as well, which is the one to decide
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._foreground = subprocess.Popen(
            arguments,
            env=env,
            preexec_fn=lambda: self._before_exec("foreground", _nothing),  # noqa: PLW1509
        )
        code = self._foreground.wait()
        self._guard.forget(self._foreground.pid)
        return code if code >= 0 else 128 - code

    def wait_until(self, child: Child, ready: Callable[[], bool], *, seconds: float) -> None:
        """Raises: RunError when a child ends meanwhile or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise child.error(f"was not ready after {seconds:.0f} s")
            time.sleep(PAUSE)

    def check(self) -> None:
        """Raises: RunError when a child, or the guard, has ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:  # the guard keeps it in mind: its own children may live on
                raise child.error(f"ended by itself (exit code {code})")
        if self._guard.process.poll() is not None:
            raise RunError("the guard process was ended from outside.")

    def share(self, environment: Mapping[str, str]) -> None:
        """Lets `run.py manage` work with the services of this run from now on."""
        self._run["environment"] = dict(environment)
        self.state.write_run(self._run)

    def stop(self) -> None:
        """Ends everything within 20 seconds; further requests to stop change nothing."""
        stop_request.ignore()
        self._guard.end(reap=self._reap)
        self._reap()
        # Only when the guard itself was killed is anything left.
        end_all({child.process.pid: child.kind for child in self._children}, self._reap_and_pause)
        self.state.release()

    def _before_exec(self, kind: str, enter: Callable[[], None]) -> None:
        stop_request.back_to_default()
        self._guard.announce(kind)
        enter()

    def _drop(self, child: Child) -> None:
        self._guard.forget(child.process.pid)
        self._children.remove(child)
        self._note_children()

    def _reap(self) -> None:
        if self._foreground:
            self._foreground.poll()
        self._children = [child for child in self._children if child.process.poll() is None]

    def _reap_and_pause(self) -> None:
        self._reap()
        time.sleep(PAUSE)

    def _note_children(self) -> None:
        self._run["children"] = {
            child.name: {"pid": child.process.pid, "kind": child.kind, "command": command_line(child.process.pid)}
            for child in self._children
        }
        self.state.write_run(self._run)

    def _end_left_overs(self) -> None:
        """Ends what a run left that was killed together with its guard; a number that now is another's is spared."""
        noted = self.state.read_run().get("children", {}).values()
        end_all(
            {one["pid"]: one["kind"] for one in noted if one["command"] and one["command"] == command_line(one["pid"])}
        )
