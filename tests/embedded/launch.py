"""A program for the tests: `python -m tests.embedded.launch FOLDER …` is `run.py …`, FOLDER for `.state/`."""

import sys
from pathlib import Path

from embedded import commands

if __name__ == "__main__":
    commands.STATE = Path(sys.argv[1])
    sys.exit(commands.main(sys.argv[2:], install=False))
