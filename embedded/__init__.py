"""What `run.py` is made of: the local installation and the embedded servers, for development and tests alone.

Standard library only, because it runs before anything is installed.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
