"""How staff pages write times, amounts, links and statuses: never without a zone, a currency or a word."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.money import Money

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Text: TypeAlias = "str | _StrPromise"  # a text, or one that is translated when it is shown
Column = Callable[[Any], Any]


def utc(at: datetime | None) -> SafeString | None:
    """`2026-11-21 04:15:09 UTC`."""
    return _as_one(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC") if at else None


def utc_on_two_lines(at: datetime) -> SafeString:
    """The same for tables with many columns."""
    day, time = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}".split()
    return format_html('<bdi dir="ltr">{}<br>{} UTC</bdi>', day, time)


def local(at: datetime | None, zone: ZoneInfo) -> SafeString | None:
    """By the clock of a place, with its distance from UTC: `2026-11-21 07:15+03:00`."""
    return _as_one(at.astimezone(zone).isoformat(" ", "minutes")) if at else None


def people(actors: Iterable[str]) -> Mapping[str, str]:
    """How to call each of these actors: people by their address, all others by themselves. One query, if any."""
    wanted = set(actors)
    ids = {actor: int(actor[5:]) for actor in wanted if actor.startswith("user:") and actor[5:].isdecimal()}
    users = get_user_model()._default_manager.in_bulk(ids.values()) if ids else {}  # noqa: SLF001 - Django's documented one
    return {actor: str(users.get(ids.get(actor), actor)) for actor in wanted}


def person(actor: str) -> str:
    """One of them."""
    return people([actor])[actor]


def link(model: str, pk: int | str | UUID, text: object) -> SafeString:
    """A link to an object's page; by the model's URL name (`payments_payment`), so it may point to any layer."""
    return format_html(
        '<a class="text-link" href="{}">{}</a>', reverse(f"admin:{model}_change", args=[quote(pk)]), text
    )


def found_in(model: str, name: str | None) -> SafeString | None:
    """A link to what a list finds by a name, for layers that do not know what is behind it; None without a name."""
    if not name:
        return None
    address = f"{reverse(f'admin:{model}_changelist')}?{urlencode({'q': name})}"
    return format_html('<a class="text-link" href="{}"><bdi dir="ltr">{}</bdi></a>', address, name)


def badge(text: Text, colour: str = "") -> SafeString:
    """A word in a coloured field: `success`, `info`, `warning`, `danger`, or grey."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def pretty_json(value: Any) -> SafeString:
    """JSON over several lines."""
    return format_html(
        '<pre dir="ltr" class="staff-json">{}</pre>',
        json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False),
    )


def prose(text: str) -> SafeString | None:
    """A text that may take several lines of a table; None instead of an empty one."""
    return format_html('<span class="staff-prose">{}</span>', text) if text else None


def time_column(field: str, title: Text) -> Column:
    """A column of a list, or a line of a page, with a time in UTC."""

    @admin.display(description=title, ordering=field)
    def column(row: Any) -> SafeString | None:
        return utc(getattr(row, field))

    return _named(column, field)


def money_column(field: str, title: Text) -> Column:
    """A column with the amount that a field counts in minor units of the row's own currency."""

    @admin.display(description=title)
    def column(row: Any) -> SafeString | None:
        amount = getattr(row, field)
        return None if amount is None else _as_one(Money(amount, row.currency), direction="auto")

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


def _as_one(value: object, direction: str = "ltr") -> SafeString:
    """On one line, and in its own direction in the midst of Arabic."""
    return format_html('<bdi dir="{}" class="whitespace-nowrap">{}</bdi>', direction, value)


def _named(column: Column, field: str) -> Column:
    column.__name__ = field  # becomes the CSS class of the column
    return column
