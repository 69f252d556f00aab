"""What the books say that the gateways hold, and what the gateways say."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import structlog
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from finance.reports.days import today
from finance.reports.report import Column, Kind, Part, Report, Row
from ledger.queries import end_of
from payments import gateways
from payments.errors import GatewayError, GatewayUnavailable

log = structlog.get_logger(__name__)

TITLE = _("Gateway clearing")
EXPLANATION = _(
    "What stands on gateway:…:clearing, beside what the gateway itself says that it holds for us. A gateway tells only"
    " of now; so for an earlier day there is nothing to compare with."
)
NOTES = (
    _("Money whose news is still on its way makes a difference for the moment."),
    _("Flutterwave is not compared: its balance falls with each settlement to our bank, and those are not followed."),
)
AGREES, DIFFERS, NOT_COMPARABLE, NOT_REACHED, REFUSED, NOT_OFFERED, PAST = (
    "agrees",
    "differs",
    "not_comparable",
    "not_reached",
    "refused",
    "not_offered",
    "past",
)
STATES = {
    AGREES: _("agrees"),
    DIFFERS: _("differs"),
    NOT_COMPARABLE: _("not comparable: the gateway does not tell"),
    NOT_REACHED: _("the gateway did not answer"),
    REFUSED: _("the gateway answered with an error"),
    NOT_OFFERED: _("not offered: no keys are set"),
    PAST: _("not compared: a gateway tells only of now"),
}
COLUMNS = (
    Column("gateway", _("gateway")),
    Column("ledger", _("in the books"), Kind.MONEY),
    Column("held", _("at the gateway"), Kind.MONEY),
    Column("difference", _("difference"), Kind.MONEY),
    Column("state", _("comparison"), words=STATES),
)
_CLEARING = """
SELECT split_part(account.code, ':', 2), account.currency, turnover.debits - turnover.credits
  FROM ledger_account account CROSS JOIN LATERAL ledger_turnover(account.id, %(until)s::timestamptz) turnover
 WHERE account.code LIKE 'gateway:%%:clearing' AND turnover.debits IS NOT NULL
"""


@dataclass(frozen=True)
class Told:
    """What a gateway says that it holds, minor units by currency; nothing, and why, if it does not say."""

    held: Mapping[str, int]
    silent: str = ""


def clearing(*, at: date | None = None, currency: str | None = None) -> Report:
    """The books' clearing accounts at the end of a day, or now, and then beside what each gateway holds.

    Without a day it asks every gateway, so never inside a transaction. `difference` is books less gateway.
    """
    compared_at = None if at else timezone.now().isoformat()
    told = {name: Told({}, PAST) if at else _ask(name) for name in gateways.NAMES}
    with connection.cursor() as cursor:
        cursor.execute(_CLEARING, {"until": end_of(at)})
        books = {(name, of): balance for name, of, balance in cursor.fetchall()}
    rows: dict[str, list[Row]] = defaultdict(list)
    both = {*books, *((name, of) for name, answer in told.items() for of, held in answer.held.items() if held)}
    for name, of in sorted(both):
        if currency in (None, of):
            rows[of].append(_row(name, books.get((name, of), 0), told.get(name, Told({}, NOT_OFFERED)), of))
    parts = [Part(of, rows[of]) for of in sorted(rows)]
    period = {"at": (at or today()).isoformat(), "compared_at": compared_at}
    return Report("clearing", TITLE, period, COLUMNS, parts, NOTES)


def _ask(name: str) -> Told:
    if name not in gateways.offered_names():
        return Told({}, NOT_OFFERED)
    try:
        held = gateways.gateway(name).balance()
    except (GatewayError, GatewayUnavailable) as error:
        log.warning("balance_not_told", gateway=name, error=error.detail)
        return Told({}, NOT_REACHED if isinstance(error, GatewayUnavailable) else REFUSED)
    return Told(held) if held else Told({}, NOT_COMPARABLE)


def _row(gateway: str, ledger: int, told: Told, currency: str) -> Row:
    if told.silent:
        return {"gateway": gateway, "ledger": ledger, "held": None, "difference": None, "state": told.silent}
    held = told.held.get(currency, 0)
    state = AGREES if ledger == held else DIFFERS
    return {"gateway": gateway, "ledger": ledger, "held": held, "difference": ledger - held, "state": state}
