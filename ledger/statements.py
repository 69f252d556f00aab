"""The postings of one account, one after the other, with what it comes to after each. Minor units, debit − credit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ledger.chart import kind_of


@dataclass(frozen=True, slots=True)
class Span:
    """What an account came to: before a time, debited and credited in it, and where the lines asked for begin."""

    opening: int
    debits: int
    credits: int
    carried: int

    @property
    def closing(self) -> int:
        """What it came to at the end."""
        return self.opening + self.debits - self.credits


@dataclass(frozen=True, slots=True)
class Line:
    """A posting, the entry that it is of, and the balance of the account after it. Times are UTC."""

    posting_id: int
    entry_id: int
    posted_at: datetime
    effective_at: datetime
    kind: str
    reference: str
    booking_reference: str
    amount: int
    balance: int


# Lines come in the order of their ids, which is the one that they were written in, and so a page is read by the index
# on (account, id) alone. Two writers at once may have drawn ids and times in different orders: what is before a page by
# its id and after the period by its time, or the other way round, is found between the checkpoints around its ends.
# Rows are compared whole, as in ledger_balance: the primary key would do for the planner, and read all other accounts.
_STATEMENT = """
WITH bound AS MATERIALIZED (
  SELECT account.id AS account_id, %(begin)s::timestamptz AS begin, %(until)s::timestamptz AS until,
         coalesce(below_begin.id, 0) AS below_begin, coalesce(above_begin.id, %(last)s) AS above_begin,
         coalesce(below_until.id, 0) AS below_until, coalesce(above_until.id, %(last)s) AS above_until
    FROM ledger_account account
    LEFT JOIN LATERAL (
      SELECT up_to_id AS id FROM ledger_checkpoint WHERE account_id = account.id AND posted_to < %(begin)s::timestamptz
       ORDER BY posted_to DESC, up_to_id DESC LIMIT 1) below_begin ON true
    LEFT JOIN LATERAL (
      SELECT up_to_id AS id FROM ledger_checkpoint WHERE account_id = account.id AND posted_to >= %(begin)s::timestamptz
       ORDER BY posted_to, up_to_id LIMIT 1) above_begin ON true
    LEFT JOIN LATERAL (
      SELECT up_to_id AS id FROM ledger_checkpoint WHERE account_id = account.id AND posted_to < %(until)s::timestamptz
       ORDER BY posted_to DESC, up_to_id DESC LIMIT 1) below_until ON true
    LEFT JOIN LATERAL (
      SELECT up_to_id AS id FROM ledger_checkpoint WHERE account_id = account.id AND posted_to >= %(until)s::timestamptz
       ORDER BY posted_to, up_to_id LIMIT 1) above_until ON true
   WHERE account.code = %(code)s AND account.currency = %(currency)s
), span AS MATERIALIZED (
  SELECT coalesce(before.debits - before.credits, 0) AS opening,
         coalesce(whole.debits, 0) - coalesce(before.debits, 0) AS debits,
         coalesce(whole.credits, 0) - coalesce(before.credits, 0) AS credits
    FROM bound, ledger_turnover(bound.account_id, bound.begin) before,
         ledger_turnover(bound.account_id, bound.until) whole
), carried AS MATERIALIZED (
  SELECT CASE WHEN %(after)s = 0 THEN span.opening ELSE
           ledger_balance(bound.account_id, %(after)s)
           - coalesce((SELECT sum(posting.amount) FROM ledger_posting posting CROSS JOIN LATERAL (
               SELECT posted_at FROM ledger_journalentry WHERE id = posting.entry_id OFFSET 0) entry
              WHERE (posting.account_id, posting.id) > (bound.account_id, bound.below_until)
                AND (posting.account_id, posting.id) <= (bound.account_id, %(after)s)
                AND entry.posted_at >= bound.until), 0)
           + coalesce((SELECT sum(posting.amount) FROM ledger_posting posting CROSS JOIN LATERAL (
               SELECT posted_at FROM ledger_journalentry WHERE id = posting.entry_id OFFSET 0) entry
              WHERE (posting.account_id, posting.id) > (bound.account_id, %(after)s)
                AND (posting.account_id, posting.id) <= (bound.account_id, bound.above_begin)
                AND entry.posted_at < bound.begin), 0)
         END::bigint AS amount
    FROM bound, span
), line AS (
  SELECT page.* FROM bound CROSS JOIN LATERAL (
    SELECT posting.id, posting.entry_id, entry.posted_at, entry.effective_at, entry.kind,
           coalesce(entry.reference, '') AS reference, entry.booking_reference, posting.amount,
           sum(posting.amount) OVER (ORDER BY posting.account_id, posting.id) AS moved
      FROM ledger_posting posting
     CROSS JOIN LATERAL (SELECT * FROM ledger_journalentry WHERE id = posting.entry_id OFFSET 0) entry
     WHERE (posting.account_id, posting.id) > (bound.account_id, greatest(bound.below_begin, %(after)s))
       AND (posting.account_id, posting.id) <= (bound.account_id, bound.above_until)
       AND entry.posted_at >= bound.begin AND entry.posted_at < bound.until
     ORDER BY posting.account_id, posting.id LIMIT %(limit)s
  ) page
)
SELECT span.opening, span.debits, span.credits, carried.amount,
       line.id, line.entry_id, line.posted_at, line.effective_at, line.kind, line.reference, line.booking_reference,
       line.amount, (carried.amount + line.moved)::bigint
  FROM span CROSS JOIN carried LEFT JOIN line ON true
 ORDER BY line.id
"""
_LAST = 2**63 - 1  # of all ids
_AT_ONCE = 2_000  # rows that are in memory


def read(
    code: str, currency: str, *, begin: str, until: str, after: int = 0, limit: int | None = None
) -> tuple[Span, Iterator[Line]]:
    """What the account came to from `begin` until before `until`, and its lines, as one statement saw them.

    The two are times as PostgreSQL reads them (ledger.queries.end_of). `after`: only lines with higher ids. The lines
    come from a cursor on the server, few at a time. Raises AccountUnknownError for a code off the chart; an account
    that nobody used yet has neither.
    """
    kind_of(code)
    rows = _rows(
        {
            "code": code,
            "currency": currency,
            "begin": begin,
            "until": until,
            "after": after,
            "limit": limit,
            "last": _LAST,
        }
    )
    first = next(rows, None)
    if first is None:
        return Span(0, 0, 0, 0), iter(())
    return Span(*first[:4]), _lines(first, rows)


def _rows(parameters: dict[str, str | int | None]) -> Iterator[tuple]:  # type: ignore[type-arg]
    with connection.chunked_cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        while chunk := cursor.fetchmany(_AT_ONCE):
            yield from chunk


def _lines(first: tuple, others: Iterator[tuple]) -> Iterator[Line]:  # type: ignore[type-arg]
    if first[4] is None:  # nothing was posted
        return
    yield Line(*first[4:])
    for row in others:
        yield Line(*row[4:])
