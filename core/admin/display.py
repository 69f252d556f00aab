"""How staff pages write times, amounts, links and statuses: never without a zone, a currency or a word."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.money import Money

Text = str | Promise
Column = Callable[[Any], Any]


def utc(at: datetime | None) -> str | None:
    """`2026-11-21 04:15:09 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else None


def local(at: datetime | None, zone: ZoneInfo) -> str | None:
    """By the clock of a place, with its distance from UTC: `2026-11-21 07:15+03:00`."""
    return at.astimezone(zone).isoformat(" ", "minutes") if at else None


def link(model: str, pk: object, text: object) -> SafeString:
    """A link to an object's page; by the model's URL name (`payments_payment`), so it may point to any layer."""
    return format_html('<a class="text-link" href="{}">{}</a>', reverse(f"admin:{model}_change", args=[quote(pk)]), text)


def badge(text: Text, colour: str = "") -> SafeString:
    """A word in a coloured field: `success`, `info`, `warning`, `danger`, or grey."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def pretty_json(value: Any) -> SafeString:
    """JSON over several lines."""
    return format_html(
        '<pre dir="ltr" class="whitespace-pre-wrap break-all">{}</pre>',
        json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False),
    )


def time_column(field: str, title: Text) -> Column:
    """A column of a list, or a line of a page, with a time in UTC."""

    @admin.display(description=title, ordering=field)
    def column(row: Any) -> str | None:
        return utc(getattr(row, field))

    return _named(column, field)


def money_column(field: str, title: Text) -> Column:
    """A column with the amount that a field counts in minor units of the row's own currency."""

    @admin.display(description=title)
    def column(row: Any) -> Money | None:
        amount = getattr(row, field)
        return None if amount is None else Money(amount, row.currency)

    return _named(column, field)


def percent_column(field: str, title: Text) -> Column:
    """A column with a share that a field counts in basis points."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        return f"{getattr(row, field) / 100:g} %"

    return _named(column, field)


def status_column(title: Text, colours: dict[str, str], field: str = "status") -> Column:
    """A column with a status in its colour."""

    @admin.display(description=title, ordering=field)
    def column(row: Any) -> SafeString:
        return badge(getattr(row, f"get_{field}_display")(), colours.get(getattr(row, field), ""))

    return _named(column, field)


def _named(column: Column, field: str) -> Column:
    column.__name__ = field  # becomes the CSS class of the column
    return column
