"""Durations as operators write them in the environment: `15m`, `900s`, `2h`, `30d`."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """Turn `15m` into a timedelta; a bare number counts seconds. Raises ValueError for anything else."""
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip())
    if not match:
        raise ValueError(f"{text!r} is no duration; write a number and s, m, h or d, like 15m.")
    number, unit = match.groups()
    return timedelta(**{_UNITS[unit or "s"]: int(number)})
