"""For how long disputes are undecided, and refunds owed."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from finance.reports.days import today
from finance.reports.report import Column, Kind, Part, Report, Row, Total
from ledger.queries import end_of
from payments.models import Dispute, DisputeStatus

TITLE = _("Aging of disputes and refunds")
EXPLANATION = _(
    "Disputes that no bank has decided, by days since we heard of them; and what refunds:payable owes, by days since"
    " it became owed. What goes back pays the oldest debt of its booking first."
)
NOTES = (
    _("A dispute counts as it stood at the end of the day, by its status changes and by what was posted for it."),
    _("Refunds sum to the balance of refunds:payable; where a booking got more than it was owed, that is negative."),
)
DISPUTES, REFUNDS = "disputes", "refunds"
AGES = ("0-7", "8-30", "31-60", "61-90", ">90")
_FROM = [8, 31, 61, 91]  # days from which each age but the first counts
COLUMNS = (
    Column("what", _("what"), words={DISPUTES: _("undecided disputes"), REFUNDS: _("refunds due")}),
    Column("days", _("days")),
    Column("number", pgettext_lazy("how many", "number"), Kind.NUMBER),
    Column("amount", _("amount"), Kind.MONEY),
    Column("withheld", _("withheld by the bank"), Kind.MONEY),
)
# How a dispute stood: what its last change before led to, else what its first one after led from, else as now. It was
# undecided then by the same rule as Dispute.UNDECIDED. The lines that moved its money name the entries in the books.
_DISPUTES = """
SELECT dispute.currency, 'disputes' AS what,
       %(day)s::date - (dispute.opened_at AT TIME ZONE 'UTC')::date AS days,
       dispute.id::text AS subject, dispute.amount, withheld.amount AS withheld
  FROM payments_dispute dispute
 CROSS JOIN LATERAL (
   SELECT coalesce(
     (SELECT to_status FROM core_statuschange
       WHERE subject_type = 'payments.dispute' AND subject_id = dispute.id::text AND at < %(until)s::timestamptz
       ORDER BY id DESC LIMIT 1),
     (SELECT from_status FROM core_statuschange
       WHERE subject_type = 'payments.dispute' AND subject_id = dispute.id::text AND at >= %(until)s::timestamptz
       ORDER BY id LIMIT 1),
     dispute.status) AS status
 ) stood
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(posting.amount), 0)::bigint AS amount
     FROM jsonb_object_keys(dispute.movements) AS moved (line)
     JOIN ledger_journalentry entry ON entry.reference = dispute.gateway || ':' || moved.line || ':dispute'
     JOIN ledger_posting posting ON posting.entry_id = entry.id
     JOIN ledger_account account ON account.id = posting.account_id
    WHERE account.code = 'gateway:' || dispute.gateway || ':disputed' AND entry.posted_at < %(until)s::timestamptz
 ) withheld
 WHERE dispute.opened_at < %(until)s::timestamptz
   AND (stood.status = ANY(%(open)s) OR (withheld.amount > 0 AND stood.status <> %(lost)s))
"""
# First in, first out, for each booking: of a balance of credits, so much of each credit is left as all credits up to it
# exceed all debits; of a balance of debits likewise. What is left of all of them is the balance.
_REFUNDS = """
SELECT currency, 'refunds' AS what,
       greatest(0, %(day)s::date - (effective_at AT TIME ZONE 'UTC')::date) AS days, booking_reference AS subject,
       (sign(balance) * least(amount, up_to_here - against))::bigint AS amount, NULL::bigint AS withheld
  FROM (
    SELECT currency, booking_reference, effective_at, balance, abs(amount) AS amount, is_credit,
           sum(abs(amount)) OVER (PARTITION BY currency, booking_reference, is_credit ORDER BY effective_at, id)
             AS up_to_here,
           CASE WHEN is_credit THEN debits ELSE credits END AS against
      FROM (
        SELECT account.currency, entry.booking_reference, entry.effective_at, posting.id, posting.amount,
               posting.amount < 0 AS is_credit,
               -sum(posting.amount) OVER booking AS balance,
               coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0) OVER booking, 0) AS debits,
               coalesce(-sum(posting.amount) FILTER (WHERE posting.amount < 0) OVER booking, 0) AS credits
          FROM ledger_account account
          JOIN ledger_posting posting ON posting.account_id = account.id
          JOIN ledger_journalentry entry ON entry.id = posting.entry_id
         WHERE account.code = 'refunds:payable' AND entry.posted_at < %(until)s::timestamptz
        WINDOW booking AS (PARTITION BY account.currency, entry.booking_reference)
      ) owed
     WHERE balance <> 0
  ) debt
 WHERE is_credit = (balance > 0) AND up_to_here > against
"""
_AGING = f"""
SELECT currency, what, width_bucket(days, %(from)s::int[]), count(DISTINCT subject), sum(amount)::bigint,
       sum(withheld)::bigint
  FROM ({_DISPUTES} UNION ALL {_REFUNDS}) aged
 WHERE %(currency)s::text IS NULL OR currency = %(currency)s
 GROUP BY 1, 2, 3
"""


def aging(*, at: date | None = None, currency: str | None = None) -> Report:
    """Undecided disputes and refunds due at the end of a day, or now, by age in days; one statement.

    The day is one of posting; a debt is as old as the time when it happened (effective_at). `number` counts disputes,
    and bookings to which refunds are due. `withheld` is what stands for these disputes on gateway:…:disputed.
    """
    parameters: dict[str, Any] = {
        "day": at or today(),
        "until": end_of(at),
        "open": [str(status) for status in Dispute.OPEN],
        "lost": str(DisputeStatus.LOST),
        "from": _FROM,
        "currency": currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AGING, parameters)
        found = cursor.fetchall()
    cells: dict[str, dict[tuple[str, int], tuple[int, int, int | None]]] = defaultdict(dict)
    for of, what, age, number, amount, withheld in found:
        cells[of][what, age] = (number, amount, withheld)
    parts = [_part(of, cells[of]) for of in sorted(cells)]
    return Report("aging", TITLE, {"at": (at or today()).isoformat()}, COLUMNS, parts, NOTES)


def _part(currency: str, cells: dict[tuple[str, int], tuple[int, int, int | None]]) -> Part:
    rows: list[Row] = []
    for what in (DISPUTES, REFUNDS):
        for age, days in enumerate(AGES):
            number, amount, withheld = cells.get((what, age), (0, 0, 0))
            row = {"what": what, "days": days, "number": number, "amount": amount}
            rows.append({**row, "withheld": withheld if what == DISPUTES else None})
    totals = [
        Total(DISPUTES, _("Undecided disputes"), _sums(rows, DISPUTES, "number", "amount", "withheld")),
        # A booking with debts of two ages is in two rows: bookings do not add up.
        Total(REFUNDS, _("Refunds due"), _sums(rows, REFUNDS, "amount")),
    ]
    return Part(currency, rows, after=totals)


def _sums(rows: list[Row], what: str, *keys: str) -> dict[str, int]:
    return {key: sum(row[key] for row in rows if row["what"] == what) for key in keys}
