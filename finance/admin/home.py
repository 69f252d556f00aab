"""The finance home: what stands where, what waits for somebody, and how the months went."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from core.admin.display import link
from core.money import Money
from finance.figures import Figures, currencies, figures
from finance.models import Settlement
from finance.reports.days import today
from finance.search import search
from ledger.chart import kind_of
from payments import attention
from payments.admin.balance_line import TO_EXPLAIN
from payments.models import BalanceTransaction, Dispute, Finding, Refund

# Colours of the series: apart from one another for colour-blind readers, on light and on dark.
_COLOURS = ("#0f6fae", "#d9792b", "#2f8f5b", "#8a5fb0", "#b8433f", "#6b7785", "#b59a1d", "#3aa0a8")
_OPTIONS = {
    "maintainAspectRatio": False,
    "animation": False,
    "scales": {
        "x": {"grid": {"display": False}},
        "y": {"beginAtZero": True, "ticks": {"maxTicksLimit": 6}, "grid": {}},
    },
}
_OPERATORS = len(_COLOURS) - 1  # of which each has a colour of its own


@dataclass(frozen=True)
class Card:
    """What stands on some accounts now, on their normal side, and where to look closer."""

    title: str
    money: Money
    address: str
    is_wrong: bool = False


@dataclass(frozen=True)
class Chart:
    """Columns by month, and the same figures in a table."""

    title: str
    explanation: str
    type: str
    data: str  # for the script that draws it, and how: JSON
    options: str
    months: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Money]]]


@dataclass(frozen=True)
class Waiting:
    """A list with something to do for somebody."""

    title: str
    count: int
    address: str


class FinanceHome(PermissionRequiredMixin, TemplateView):
    """One currency at a time; whoever may see the reports."""

    permission_required = "finance.view_reports"
    raise_exception = True
    template_name = "admin/finance/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The currency that was asked for, if the books have it; else the first."""
        known = currencies()
        asked = self.request.GET.get("currency", "")
        found = figures(asked if asked in known else known[0], today()) if known else None
        return {
            **super().get_context_data(**kwargs),
            **admin.site.each_context(self.request),
            "title": _("Finance"),
            "currencies": known,
            "currency": found.currency if found else None,
            "cards": list(_cards(found)) if found else [],
            "charts": list(_charts(found)) if found else [],
            "waiting": list(_waiting(self.request)),
            **_found(self.request),
        }


def _found(request: HttpRequest) -> dict[str, Any]:
    """What was looked for, and all that has that name."""
    name = request.GET.get("q", "")[:255]
    rows = [
        (found.thing._meta.verbose_name, link(found.model, found.thing.pk, found.thing))  # noqa: SLF001
        for found in search(name, request.user)
    ]
    return {"name": name, "found": rows}


def _cards(found: Figures) -> Iterator[Card]:
    for title, begins, ends in (
        (_("At the gateways"), "gateway:", ":clearing"),
        (_("Withheld by banks"), "gateway:", ":disputed"),
        (_("On its way to our bank"), "gateway:", ":in_transit"),
        (_("Bank"), "bank", ""),
        (_("Unearned money of travellers"), "travellers:unearned", ""),
        (_("Refunds owed"), "refunds:payable", ""),
        (_("Owed to operators"), "operator:", ":payable"),
        (_("Due to operators"), "operator:", ":due"),
        (_("Reserves held back"), "operator:", ":reserve"),
        (_("Taxes"), "tax:", ""),
    ):
        yield _card(found, title, begins, ends)
    suspense = _card(found, _("To be explained"), "suspense", "")
    yield Card(suspense.title, suspense.money, suspense.address, is_wrong=bool(suspense.money))


def _card(found: Figures, title: str, begins: str, ends: str) -> Card:
    codes = [code for code in found.balances if code.startswith(begins) and code.endswith(ends)]
    amount = sum(found.balances[code] * kind_of(code).normal_sign for code in codes)
    if len(codes) == 1:
        address = f"{reverse('report', args=['account_statement'])}?{_query(account=codes[0], currency=found.currency)}"
    else:
        address = f"{reverse('report', args=['trial_balance'])}?{_query(currency=found.currency)}"
    return Card(title, Money(amount, found.currency), address)


def _query(**asked: str) -> str:
    return urlencode(asked)


def _charts(found: Figures) -> Iterator[Chart]:
    yield _chart(
        found,
        _("Sold and given back"),
        _("What travellers paid for, and what was decided to go back to them."),
        {_("sold"): found.sold, _("given back"): found.given_back},
    )
    yield _chart(
        found,
        _("Unearned at the end of the month"),
        _("Paid for journeys that were still ahead."),
        {_("unearned"): found.unearned},
        drawn="line",
    )
    yield _chart(found, _("Fees"), _("What the gateways kept, and what disputes cost."), {_("fees"): found.fees})
    yield _chart(found, _("Earned by operators"), _("Without our commission and taxes."), _by_operator(found))


def _by_operator(found: Figures) -> dict[str, Sequence[int]]:
    """The largest ones, and the others together."""
    largest = sorted(found.earned_by, key=lambda code: (-sum(found.earned_by[code]), code))
    shown: dict[str, Sequence[int]] = {code: found.earned_by[code] for code in largest[:_OPERATORS]}
    if others := [found.earned_by[code] for code in largest[_OPERATORS:]]:
        shown[_("others")] = [sum(of_month) for of_month in zip(*others, strict=True)]
    return shown


def _chart(found: Figures, title: str, explanation: str, series: dict[str, Sequence[int]], drawn: str = "bar") -> Chart:
    named = [f"{month:%Y-%m}" for month in found.months]

    def money(amount: int) -> Money:
        return Money(amount, found.currency)

    data = {
        "labels": named,
        "datasets": [
            {
                "label": name,
                "data": [float(money(amount).major) for amount in amounts],
                "backgroundColor": colour,
                "borderColor": colour,
            }
            for (name, amounts), colour in zip(series.items(), _COLOURS, strict=False)
        ],
    }
    rows = [(name, [money(amount) for amount in amounts]) for name, amounts in series.items()]
    options = {**_OPTIONS, "plugins": {"legend": {"display": len(series) > 1, "position": "bottom"}}}
    return Chart(title, explanation, drawn, json.dumps(data), json.dumps(options), named, rows)


def _waiting(request: HttpRequest) -> Iterator[Waiting]:
    lists: tuple[tuple[str, str, str, Callable[[], int]], ...] = (
        (_("settlements to approve"), "finance_settlement", "todo=approve",
         lambda: Settlement.objects.filter(status="draft").count()),
        (_("settlements to pay"), "finance_settlement", "todo=pay",
         lambda: Settlement.objects.filter(Settlement.TO_PAY).count()),
        (_("refunds to see to"), "payments_refund", "needs=attention",
         lambda: Refund.objects.filter(attention.to_see_to()).count()),
        (_("disputes to answer"), "payments_dispute", "",
         lambda: Dispute.objects.filter(attention.to_answer_soon()).count()),
        (_("lines of balances to explain"), "payments_balancetransaction", "outcome=suspense",
         lambda: BalanceTransaction.objects.filter(TO_EXPLAIN).count()),
        (_("findings to settle"), "payments_finding", "state=unsettled",
         lambda: Finding.objects.filter(Finding.UNSETTLED).count()),
    )  # fmt: skip
    for title, model, query, count in lists:
        app, _underscore, name = model.partition("_")
        if request.user.has_perm(f"{app}.view_{name}"):
            yield Waiting(title, count(), f"{reverse(f'admin:{model}_changelist')}?{query}")
