"""Ctrl-C, SIGTERM and a closed terminal, as an exception: one request, and from then on no further."""

import signal
from types import FrameType
from typing import NoReturn

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest(BaseException):
    """Somebody wants run.py to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def listen() -> None:
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # ignored: it was started by nohup
            signal.signal(number, _raise)


def ignore() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def back_to_default() -> None:
    """For a child, between fork and exec: it answers the signals even if run.py was started to ignore one."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    ignore()
    raise StopRequest(number)
