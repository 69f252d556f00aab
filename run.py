#!/usr/bin/env python3
"""Runs Berth on this machine: `python3 run.py --help` says how.

Everything is in the package `embedded`. This file alone stays readable to old Pythons, so that they can tell what is
wrong instead of stumbling over newer syntax.
"""

import os
import sys

OLDEST_PYTHON = (3, 11)


def complaint(version: "tuple[int, ...]", platform: str) -> str:
    """The sentence for a Python or a system that cannot run Berth; empty if all is well."""
    if platform != "posix":
        return "Berth runs on Linux and macOS; on Windows start it inside WSL."
    if version < OLDEST_PYTHON:
        wanted, found = (".".join(str(part) for part in parts) for parts in (OLDEST_PYTHON, version))
        return f"Berth needs Python {wanted} or newer, this is Python {found}: start run.py with a newer one."
    return ""


if __name__ == "__main__":
    sentence = complaint(sys.version_info[:2], os.name)
    if sentence:
        sys.exit("run.py: " + sentence)

    from embedded.commands import main  # only now: an old Python cannot read it

    sys.exit(main(sys.argv[1:]))
