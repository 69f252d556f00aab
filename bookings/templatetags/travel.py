"""What templates say about trips: money, durations, fare classes, seat features, the other language's address."""

from datetime import datetime, timedelta

from django import template
from django.template import Context
from django.urls import translate_url
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookings.models import Place
from core.money import Money

register = template.Library()

FARE_CLASSES: dict[str, Promise] = {
    "economy": gettext_lazy("economy"),
    "business": gettext_lazy("business"),
    "first": gettext_lazy("first class"),
    "standard": gettext_lazy("standard"),
}
FEATURES: dict[str, Promise] = {
    "window": gettext_lazy("window"),
    "aisle": gettext_lazy("aisle"),
    "accessible": gettext_lazy("accessible"),
    "exit_row": gettext_lazy("exit row"),
}


@register.simple_tag(takes_context=True)
def same_page_in(context: Context, language: str) -> str:
    """The address of this page in another language."""
    return translate_url(context["request"].get_full_path(), language)


@register.filter
def money(amount: int, currency: str) -> Money:
    """Minor units of a currency as an amount for people."""
    return Money(amount, currency)


@register.filter
def fare_class(name: str) -> str:
    """A fare class in the reader's language; one that operators made up themselves stays as it is."""
    return str(FARE_CLASSES.get(name, name))


@register.filter
def feature(name: str) -> str:
    """A seat's feature in the reader's language."""
    return str(FEATURES.get(name, name.replace("_", " ")))


@register.filter
def time_until(begin: datetime, end: datetime) -> str:
    """How long it takes from one time to another: `1 h 45 min`."""
    return duration(end - begin)


@register.filter
def duration(length: timedelta) -> str:
    """Hours and minutes in words."""
    hours, minutes = divmod(round(length.total_seconds()) // 60, 60)
    if not hours:
        return ngettext("%(count)s min", "%(count)s min", minutes) % {"count": minutes}
    if not minutes:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": f"{minutes:02}"}


@register.simple_tag
def days_later(departs_at: datetime, origin: Place, arrives_at: datetime, destination: Place) -> int:
    """How many midnights lie between departure and arrival, each by its own place's clock; below zero it is none."""
    return max(0, (arrives_at.astimezone(destination.zone).date() - departs_at.astimezone(origin.zone).date()).days)
