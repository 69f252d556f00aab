"""Money for journeys that are still to come, by the month in which they begin."""

from collections import defaultdict
from datetime import date

from django.db import connection
from django.utils.translation import gettext_lazy as _

from finance.reports.days import today
from finance.reports.report import Column, Kind, Part, Report, Row, Total
from ledger.queries import end_of

TITLE = _("Unearned money by departure")
EXPLANATION = _(
    "What travellers:unearned holds, by the month in which the booking's own journey begins. Departures are those"
    " planned today, for past dates too."
)
OTHER = "other"
COLUMNS = (
    Column("month", _("month of departure"), Kind.MONTH, words={OTHER: _("without a booking")}),
    Column("bookings", _("bookings"), Kind.NUMBER),
    Column("amount", _("unearned"), Kind.MONEY),
)
# An account of liabilities: what it holds is credit − debit. A booking of which nothing is left is none of these.
_HELD = """
SELECT held.currency, to_char(date_trunc('month', boarding.departs_at AT TIME ZONE 'UTC'), 'YYYY-MM') AS month,
       count(booking.id), sum(held.amount)::bigint
  FROM (
    SELECT account.currency, entry.booking_reference, -sum(posting.amount) AS amount
      FROM ledger_account account
      JOIN ledger_posting posting ON posting.account_id = account.id
      JOIN ledger_journalentry entry ON entry.id = posting.entry_id
     WHERE account.code = 'travellers:unearned' AND entry.posted_at < %(until)s::timestamptz
       AND (%(currency)s::text IS NULL OR account.currency = %(currency)s)
     GROUP BY account.currency, entry.booking_reference HAVING sum(posting.amount) <> 0
  ) held
  LEFT JOIN bookings_booking booking ON booking.reference = held.booking_reference
  LEFT JOIN bookings_tripstop boarding ON boarding.id = booking.boarding_id
 GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST
"""


def unearned_by_departure(*, at: date | None = None, currency: str | None = None) -> Report:
    """What was held for journeys at the end of a day, or now, by UTC month of boarding; one statement.

    The rows sum to the credit balance of travellers:unearned, as all of its postings are in one of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"until": end_of(at), "currency": currency})
        found = cursor.fetchall()
    rows: dict[str, list[Row]] = defaultdict(list)
    for of, month, bookings, amount in found:
        rows[of].append({"month": month or OTHER, "bookings": bookings, "amount": amount})
    parts = [
        Part(of, lines, after=[Total("total", _("Total"), {key: _sum(lines, key) for key in ("bookings", "amount")})])
        for of, lines in rows.items()
    ]
    return Report("unearned_by_departure", TITLE, {"at": (at or today()).isoformat()}, COLUMNS, parts)


def _sum(rows: list[Row], key: str) -> int:
    return sum(row[key] for row in rows)
