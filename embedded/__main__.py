"""`python -m embedded …`: as `run.py …`, in an environment that holds the requirements already."""

import sys

from embedded.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], install=False))
