"""The menu of the staff site. Everybody sees the links that lead to something they may look at."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from finance.models import Settlement
from finance.reports.registry import REPORTS
from payments import attention
from payments.admin.balance_line import TO_EXPLAIN
from payments.models import BalanceTransaction, Dispute, Finding, Refund

Link = dict[str, Any]
_MANY = 100  # nobody needs to know exactly how many more


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

_REFUNDS = _list(_("Refunds"), "undo", "payments", "refund")


def _asks_what_to_see_to(request: HttpRequest) -> bool:
    return request.path == str(_REFUNDS["link"]) and request.GET.get("needs") == "attention"


_REFUNDS_TO_SEE_TO = {
    **_REFUNDS,
    "title": _("Refunds to see to"),
    "icon": "notification_important",
    "link": format_lazy("{}?needs=attention", _REFUNDS["link"]),
    "active": _asks_what_to_see_to,
    "waiting": lambda: Refund.objects.filter(attention.to_see_to()),
}
_ALL_REFUNDS = {
    **_REFUNDS,
    "active": lambda request: request.path.startswith(str(_REFUNDS["link"])) and not _asks_what_to_see_to(request),
}
_DISPUTES = {
    **_list(_("Disputes"), "gavel", "payments", "dispute"),
    "waiting": lambda: Dispute.objects.filter(attention.to_answer_soon()),
}

_FINDINGS = _list(_("Findings"), "troubleshoot", "payments", "finding")
_LINES = _list(_("Lines of balances"), "receipt_long", "payments", "balancetransaction")
_FINDINGS_TO_SETTLE = {
    **_FINDINGS,
    "link": format_lazy("{}?state=unsettled", _FINDINGS["link"]),
    "active": lambda request: request.path.startswith(str(_FINDINGS["link"])),
    "waiting": lambda: Finding.objects.filter(Finding.UNSETTLED),
}
_LINES_TO_EXPLAIN = {
    **_LINES,
    "link": format_lazy("{}?outcome=suspense", _LINES["link"]),
    "active": lambda request: request.path.startswith(str(_LINES["link"])),
    "waiting": lambda: BalanceTransaction.objects.filter(TO_EXPLAIN),
}

_SETTLEMENTS = {
    **_list(_("Settlements"), "request_quote", "finance", "settlement"),
    "waiting": lambda: Settlement.objects.filter(Q(status="draft") | Settlement.TO_PAY),
}


def _may_see_reports(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("finance.view_reports"))


_FINANCE: Link = {
    "title": _("Finance"),
    "icon": "monitoring",
    "link": reverse_lazy("finance-home"),
    "permission": _may_see_reports,
    "active": lambda request: request.path == str(_FINANCE["link"]),
}
_REPORTS: list[Link] = [
    {
        "title": report.title,
        "icon": report.icon,
        "link": reverse_lazy("report", args=[report.name]),
        "permission": _may_see_reports,
    }
    for report in REPORTS.values()
]

_GROUPS: list[dict[str, Any]] = [
    {"items": [_TODAY, _ALL_TRIPS, _list(_("Bookings"), "confirmation_number", "bookings", "booking")]},
    {
        "title": _("Money"),
        "items": [
            _FINANCE,
            _list(_("Payments"), "credit_card", "payments", "payment"),
            _ALL_REFUNDS,
            _REFUNDS_TO_SEE_TO,
            _DISPUTES,
            _SETTLEMENTS,
            _list(_("Ledger entries"), "menu_book", "ledger", "journalentry"),
            _list(_("Ledger accounts"), "account_balance", "ledger", "account"),
            _list(_("Closed months"), "lock", "ledger", "period"),
        ],
    },
    {
        "title": _("Reconciliation"),
        "items": [
            _FINDINGS_TO_SETTLE,
            _list(_("Comparisons"), "compare_arrows", "payments", "reconciliationrun"),
            _list(_("Payouts"), "savings", "payments", "payout"),
            _LINES_TO_EXPLAIN,
        ],
    },
    {"title": _("Reports"), "items": _REPORTS},
    {
        "title": _("Operations"),
        "items": [
            _list(_("Gateway events"), "webhook", "payments", "gatewayevent"),
            _list(_("Gateway calls"), "outbound", "payments", "gatewaycall"),
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


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of links, each link with the number of things that wait behind it for somebody who may see them."""
    return [{**group, "items": [_with_badge(item, request) for item in group["items"]]} for group in _GROUPS]


def _with_badge(item: Link, request: HttpRequest) -> Link:
    if "waiting" not in item or not item["permission"](request):
        return item
    return {**item, "badge": _count(item["waiting"]())}


def _count(rows: QuerySet[Any]) -> int | str:
    """Zero is shown as no badge."""
    count = rows[:_MANY].count()
    return count if count < _MANY else f"{_MANY - 1}+"
