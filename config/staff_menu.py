"""The menu of the staff site. Everybody sees the links that lead to something they may look at."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Link = dict[str, Any]


def _list(title: str | Promise, icon: str, app: str, model: str) -> Link:
    """A link to the list of a model."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": _may_view(app, model),
    }


def _may_view(app: str, model: str) -> Callable[[HttpRequest], bool]:
    # The admin lets look whoever may view or change.
    rights = (f"{app}.view_{model}", f"{app}.change_{model}")
    return lambda request: any(request.user.has_perm(right) for right in rights)


_TRIPS = _list(_("Trips"), "departure_board", "bookings", "trip")


def _asks_for_today(request: HttpRequest) -> bool:
    return request.path == str(_TRIPS["link"]) and request.GET.get("when") == "today"


_TODAY = {
    **_TRIPS,
    "title": _("Today"),
    "icon": "today",
    "link": format_lazy("{}?when=today", _TRIPS["link"]),
    "active": _asks_for_today,
}
_ALL_TRIPS = {
    **_TRIPS,
    "active": lambda request: request.path.startswith(str(_TRIPS["link"])) and not _asks_for_today(request),
}

NAVIGATION: list[dict[str, Any]] = [
    {"items": [_TODAY, _ALL_TRIPS, _list(_("Bookings"), "confirmation_number", "bookings", "booking")]},
    {
        "title": _("Money"),
        "items": [
            _list(_("Payments"), "credit_card", "payments", "payment"),
            _list(_("Refunds"), "undo", "payments", "refund"),
            _list(_("Ledger entries"), "menu_book", "ledger", "journalentry"),
            _list(_("Ledger accounts"), "account_balance", "ledger", "account"),
        ],
    },
    {
        "title": _("Operations"),
        "items": [
            _list(_("Gateway events"), "webhook", "payments", "gatewayevent"),
            _list(_("Outbox"), "outbox", "core", "outboxmessage"),
            _list(_("Jobs"), "schedule", "core", "jobrun"),
            _list(_("Status changes"), "history", "core", "statuschange"),
            _list(_("Idempotency"), "repeat_one", "core", "idempotencyrecord"),
        ],
    },
    {
        "title": _("Setup"),
        "items": [
            _list(_("Operators"), "domain", "bookings", "operator"),
            _list(_("Places"), "location_on", "bookings", "place"),
            _list(_("Routes"), "route", "bookings", "route"),
            _list(_("Vehicles"), "directions_bus", "bookings", "vehicle"),
            _list(_("Seat maps"), "event_seat", "bookings", "seatmap"),
        ],
    },
    {
        "title": _("People"),
        "items": [
            _list(_("Users"), "person", "accounts", "user"),
            _list(_("Groups"), "group", "auth", "group"),
            _list(_("Devices"), "devices", "accounts", "device"),
        ],
    },
]
