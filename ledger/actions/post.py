"""Write an entry into the books. Nothing else does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

from core.actors import current_actor
from core.correlation import current_id
from ledger.chart import kind_of
from ledger.errors import EntryConflictError, EntryUnbalancedError
from ledger.models import JournalEntry

# One round trip. Writes nothing if an account is missing or the fact is in the books: the caller finds out which.
# A trigger dates the entry, and says that it happened then if we do not say when.
_WRITE = """
WITH line AS MATERIALIZED (
  SELECT account.id AS account_id, wanted.amount, wanted.position
    FROM unnest(%(codes)s::text[], %(amounts)s::bigint[]) WITH ORDINALITY AS wanted (code, amount, position)
    JOIN ledger_account account ON account.code = wanted.code AND account.currency = %(currency)s
), entry AS (
  INSERT INTO ledger_journalentry
    (kind, reference, booking_reference, gateway, payment_intent_id, charge_id, refund_id, event_id, currency,
     effective_at, memo, actor, correlation_id, posting_count, reverses_id)
  SELECT %(kind)s, %(reference)s, %(booking_reference)s, %(gateway)s, %(payment_intent_id)s, %(charge_id)s,
         %(refund_id)s, %(event_id)s, %(currency)s, %(effective_at)s::timestamptz, %(memo)s, %(actor)s,
         %(correlation_id)s, %(posting_count)s, %(reverses_id)s
   WHERE (SELECT count(*) FROM line) = %(posting_count)s
  ON CONFLICT DO NOTHING
  RETURNING id
)
INSERT INTO ledger_posting (entry_id, account_id, amount)
SELECT entry.id, line.account_id, line.amount FROM entry CROSS JOIN line ORDER BY line.position
RETURNING entry_id
"""
_OPEN_ACCOUNTS = """
INSERT INTO ledger_account (code, kind, currency)
SELECT code, kind, %s FROM unnest(%s::text[], %s::text[]) AS wanted (code, kind) ORDER BY code
ON CONFLICT (code, currency) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry does to one account: minor units, debit positive. See debit() and credit()."""

    account_code: str
    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"The ledger counts whole minor units, not {self.amount!r}.")


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry that tells the fact, and whether it was written just now."""

    entry_id: int
    created: bool


def debit(account_code: str, amount: int) -> Line:
    """A line that debits so many minor units, zero or more."""
    return Line(account_code, _not_negative(amount))


def credit(account_code: str, amount: int) -> Line:
    """A line that credits so many minor units, zero or more."""
    return Line(account_code, -_not_negative(amount))


def post(
    *,
    kind: str,
    reference: str | None,
    currency: str,
    lines: Sequence[Line],
    booking_reference: str = "",
    gateway: str = "",
    payment_intent_id: str | None = None,
    charge_id: str | None = None,
    refund_id: str | None = None,
    event_id: str | None = None,
    effective_at: datetime | None = None,
    memo: str = "",
    reverses_id: int | None = None,
) -> Posted:
    """Tell a fact about money, in the caller's transaction and under its actor and correlation id.

    Amounts are minor units of `currency`; lines of zero are dropped. `reference` names the fact (None only for entries
    by hand): told again with the same kind, currency and postings, it is the first entry that comes back. Accounts are
    opened as needed. `effective_at` is when it happened, if not now.

    Raises EntryUnbalancedError; AccountUnknownError for a code outside the chart; EntryConflictError if the fact, or
    its charge or refund, was told differently before. Whatever else PostgreSQL refuses is an IntegrityError.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("An entry is written in the transaction of what it tells.")
    lines = _balanced(lines)
    entry = {
        "kind": kind,
        "reference": reference,
        "booking_reference": booking_reference,
        "gateway": gateway,
        "payment_intent_id": payment_intent_id,
        "charge_id": charge_id,
        "refund_id": refund_id,
        "event_id": event_id,
        "currency": currency,
        "effective_at": effective_at,
        "memo": memo,
        "actor": current_actor(),
        "correlation_id": current_id(),
        "reverses_id": reverses_id,
    }
    # The second try has all accounts; it finds an entry only if another transaction wrote it between our statements.
    for _try in range(2):
        if entry_id := _write(entry, lines):
            return Posted(entry_id, created=True)
        if first := _first(reference):
            _require_agreement(first, kind, currency, lines)
            return Posted(first.pk, created=False)
        _open_accounts(currency, lines)
    raise EntryConflictError(f"Another entry tells the charge, refund or reversal of {reference or 'this one'}.")


def _not_negative(amount: int) -> int:
    if amount < 0:
        raise ValueError(f"A debit or credit of {amount} is the other one.")
    return amount


def _balanced(lines: Sequence[Line]) -> list[Line]:
    moving = [line for line in lines if line.amount]
    if len(moving) < 2:
        raise EntryUnbalancedError("An entry needs two lines that are not zero.")
    if difference := sum(line.amount for line in moving):
        raise EntryUnbalancedError(f"Debits and credits differ by {difference}.")
    return moving


def _write(entry: Mapping[str, Any], lines: Sequence[Line]) -> int | None:
    codes, amounts = [line.account_code for line in lines], [line.amount for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {**entry, "codes": codes, "amounts": amounts, "posting_count": len(lines)})
        row = cursor.fetchone()
    return row[0] if row else None


def _first(reference: str | None) -> JournalEntry | None:
    return JournalEntry.objects.filter(reference=reference).first() if reference else None


def _require_agreement(first: JournalEntry, kind: str, currency: str, lines: Sequence[Line]) -> None:
    written = first.postings.values_list("account__code", "amount")
    wanted = [(line.account_code, line.amount) for line in lines]
    if (first.kind, first.currency, sorted(written)) != (kind, currency, sorted(wanted)):
        raise EntryConflictError(f"{first.reference} is in the books with another kind, currency or postings.")


def _open_accounts(currency: str, lines: Sequence[Line]) -> None:
    codes = sorted({line.account_code for line in lines})
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ACCOUNTS, [currency, codes, [kind_of(code) for code in codes]])
