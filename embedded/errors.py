"""What went wrong, as one sentence for the person at the terminal."""

import errno
from collections.abc import Sequence

DISK_FULL = "the disk is full: make room and start again."


class RunError(Exception):
    """Ends run.py with this sentence and exit code 1; `lines` (a log's end) are shown above it."""

    def __init__(self, sentence: str, lines: Sequence[str] = ()) -> None:
        full = any("No space left on device" in line for line in lines)
        super().__init__(DISK_FULL if full else sentence)
        self.lines = lines


def sentence_for(error: OSError) -> str:
    """The sentence for an error of the system that a person can mend; empty for one that is our own mistake."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return f"{error.filename} is not open to this user ({error.strerror}): run as its owner or change its rights."
    return ""
