"""Months, each named by its first day."""

from datetime import date


def months_later(month: date, months: int) -> date:
    """The month so many months later, or earlier."""
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_after(month: date) -> date:
    """The next one."""
    return months_later(month, 1)


def month_before(day: date) -> date:
    """The month before the one that has this day."""
    return months_later(day, -1)
