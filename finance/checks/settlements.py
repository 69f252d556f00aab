"""What operators are owed, due and paid, against their accounts."""

from collections.abc import Iterator

from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check

_SETTLEMENTS = "SELECT count(*) FROM finance_settlement"
# How a person finds a settlement.
_SETTLEMENT = "format('settlement %s of %s for %s', settlement.id, operator.code, to_char(settlement.month, 'YYYY-MM'))"
_OF_OPERATOR = "finance_settlement settlement JOIN bookings_operator operator ON operator.id = settlement.operator_id"
_DUE = "greatest(0, settlement.total_amount) - settlement.reserve_amount"

# What the accounts of operators come to, by settlements and what they have not taken, positive for the operator. To be
# settled are postings that no live settlement has taken, what drafts take, and debts that none has brought yet.
_EXPECTED = f"""
  SELECT account.code, account.currency, -sum(posting.amount) AS amount
    FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
    JOIN ledger_journalentry entry ON entry.id = posting.entry_id
   WHERE account.code LIKE 'operator:%:payable' AND entry.kind <> 'settlement'
     AND NOT EXISTS (SELECT FROM finance_settlementline line WHERE line.posting_id = posting.id AND line.live)
   GROUP BY account.code, account.currency
  UNION ALL
  SELECT format('operator:%s:payable', operator.code), settlement.currency, sum(line.net)
    FROM {_OF_OPERATOR} JOIN finance_settlementline line ON line.settlement_id = settlement.id
   WHERE settlement.status = 'draft' GROUP BY operator.code, settlement.currency
  UNION ALL
  SELECT format('operator:%s:payable', operator.code), settlement.currency, sum(settlement.total_amount)
    FROM {_OF_OPERATOR}
   WHERE settlement.status = 'approved' AND settlement.total_amount < 0 AND NOT EXISTS (
           SELECT FROM finance_settlementline line WHERE line.carried_from_id = settlement.id AND line.live)
   GROUP BY operator.code, settlement.currency
  UNION ALL
  SELECT format('operator:%s:due', operator.code), settlement.currency, sum({_DUE})
    FROM {_OF_OPERATOR} WHERE settlement.status = 'approved' GROUP BY operator.code, settlement.currency
  UNION ALL
  SELECT format('operator:%s:reserve', operator.code), settlement.currency, sum(settlement.reserve_amount)
    FROM {_OF_OPERATOR}
   WHERE settlement.status IN ('approved', 'paid') AND settlement.reserve_released_at IS NULL
   GROUP BY operator.code, settlement.currency
"""


@check
def settlement_lines_add_up() -> Iterator[Found]:
    """The figures of every settlement are those of its lines together."""
    fares = "kind IN ('booking', 'cancellation', 'refund', 'dispute')"
    sums = {
        "gross_amount": f"sum(gross) FILTER (WHERE {fares})",
        "commission_amount": f"sum(commission) FILTER (WHERE {fares} AND kind <> 'cancellation')",
        "cancellation_commission_amount": "sum(commission) FILTER (WHERE kind = 'cancellation')",
        "tax_amount": f"sum(tax) FILTER (WHERE {fares})",
        "correction_amount": "sum(net) FILTER (WHERE kind = 'correction')",
        "released_amount": "sum(net) FILTER (WHERE kind = 'reserve')",
        "brought_amount": "sum(net) FILTER (WHERE kind = 'brought')",
        "total_amount": "sum(net)",
    }
    told = ", ".join(f"settlement.{name}::numeric" for name in sums)
    true = ", ".join(f"coalesce(lines.{name}, 0)" for name in sums)
    yield from ask(
        _SETTLEMENTS,
        f"""
        SELECT {_SETTLEMENT}, format('says %s, its lines come to %s', ({told}), ({true})),
               settlement.total_amount - coalesce(lines.total_amount, 0), settlement.currency
          FROM {_OF_OPERATOR}
          LEFT JOIN (SELECT settlement_id, {", ".join(f"{of} AS {name}" for name, of in sums.items())}
                       FROM finance_settlementline GROUP BY settlement_id) lines ON lines.settlement_id = settlement.id
         WHERE ({told}) IS DISTINCT FROM ({true})
        """,
    )


@check
def settlement_lines_are_postings() -> Iterator[Found]:
    """Every line is one posting of the operator's account, or one debt, as it stands there, of a time that is over."""
    yield from ask(
        "SELECT count(*) FROM finance_settlementline",
        f"""
        SELECT format('line %s of %s', line.id, {_SETTLEMENT}),
               CASE WHEN line.live <> (settlement.status IN ('draft', 'approved', 'paid'))
                    THEN format('is %s of a settlement that is %s',
                                CASE WHEN line.live THEN 'live' ELSE 'given back' END, settlement.status)
                    WHEN line.posting_id IS NULL
                    THEN format('brings %s forward of a settlement that comes to %s', line.net, carried.total_amount)
                    ELSE format('takes %s, posting %s is %s of %s', line.net, posting.id, -posting.amount, account.code)
               END,
               line.net - coalesce(carried.total_amount, -posting.amount), settlement.currency
          FROM finance_settlementline line
          JOIN finance_settlement settlement ON settlement.id = line.settlement_id
          JOIN bookings_operator operator ON operator.id = settlement.operator_id
          LEFT JOIN ledger_posting posting ON posting.id = line.posting_id
          LEFT JOIN ledger_account account ON account.id = posting.account_id
          LEFT JOIN ledger_journalentry entry ON entry.id = posting.entry_id
          LEFT JOIN finance_settlement carried ON carried.id = line.carried_from_id
         WHERE line.live <> (settlement.status IN ('draft', 'approved', 'paid'))
            OR (line.posting_id IS NULL AND (
                  line.net IS DISTINCT FROM carried.total_amount OR carried.total_amount >= 0
                  OR (line.live AND carried.status <> 'approved')
                  OR (carried.operator_id, carried.currency) <> (settlement.operator_id, settlement.currency)))
            OR (line.posting_id IS NOT NULL AND (
                  line.net <> -posting.amount OR entry.kind = 'settlement'
                  OR (account.code, account.currency)
                     <> (format('operator:%s:payable', operator.code), settlement.currency)
                  OR entry.posted_at >= (settlement.month + interval '1 month') AT TIME ZONE 'UTC'))
        """,
    )


@check
def settlement_lines_tell_entries() -> Iterator[Found]:
    """Every line says what kind of entry it is of, and what of that is commission and tax."""
    yield from ask(
        "SELECT count(*) FROM finance_settlementline WHERE posting_id IS NOT NULL",
        f"""
        WITH ours AS (
          SELECT posting.entry_id, account.code, -sum(posting.amount) AS amount
            FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
           WHERE account.code IN ('platform:commission', 'tax:commission') GROUP BY posting.entry_id, account.code
        ), told AS (
          SELECT line.id, coalesce(commission.amount, 0) AS commission, coalesce(tax.amount, 0) AS tax,
                 CASE WHEN entry.kind = 'earning' THEN 'booking'
                      WHEN entry.kind = 'cancellation_fee' THEN 'cancellation'
                      WHEN entry.kind = 'refund_decision' THEN 'refund'
                      WHEN entry.kind IN ('dispute', 'dispute_reversal') THEN 'dispute'
                      WHEN entry.kind = 'reserve' THEN 'reserve' ELSE 'correction' END AS kind
            FROM finance_settlementline line JOIN ledger_posting posting ON posting.id = line.posting_id
            JOIN ledger_journalentry entry ON entry.id = posting.entry_id
            LEFT JOIN ours commission ON commission.entry_id = entry.id AND commission.code = 'platform:commission'
            LEFT JOIN ours tax ON tax.entry_id = entry.id AND tax.code = 'tax:commission'
        )
        SELECT format('line %s of %s', line.id, {_SETTLEMENT}),
               format('tells of a %s with commission %s and tax %s, its entry of a %s with %s and %s', line.kind,
                      line.commission, line.tax, told.kind, told.commission, told.tax),
               line.commission + line.tax - told.commission - told.tax, settlement.currency
          FROM finance_settlementline line JOIN told USING (id)
          JOIN finance_settlement settlement ON settlement.id = line.settlement_id
          JOIN bookings_operator operator ON operator.id = settlement.operator_id
         WHERE (line.kind, line.commission, line.tax, line.gross)
            <> (told.kind, told.commission::bigint, told.tax::bigint, line.net + line.commission + line.tax)
        """,
    )


@check
def operator_accounts() -> Iterator[Found]:
    """An operator's accounts are what is to be settled, what is due, and what is held back as a reserve."""
    yield from ask(
        "SELECT count(*) FROM ledger_account WHERE code LIKE 'operator:%'",
        f"""
        WITH expected AS ({_EXPECTED}), wanted AS (
          SELECT code, currency, sum(amount) AS amount FROM expected GROUP BY code, currency
        ), held AS (
          SELECT account.code, account.currency, -sum(posting.amount) AS amount
            FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
           WHERE account.code LIKE 'operator:%' GROUP BY account.code, account.currency
        )
        SELECT format('account %s %s', code, currency),
               format('owes %s, by settlements and what they have not taken %s', coalesce(held.amount, 0),
                      coalesce(wanted.amount, 0)),
               coalesce(held.amount, 0) - coalesce(wanted.amount, 0), currency
          FROM wanted FULL JOIN held USING (code, currency)
         WHERE coalesce(held.amount, 0) <> coalesce(wanted.amount, 0)
        UNION ALL
        SELECT format('account %s %s', account.code, account.currency), 'is of no operator', NULL, account.currency
          FROM ledger_account account
         WHERE account.code LIKE 'operator:%' AND NOT EXISTS (
                 SELECT FROM bookings_operator operator WHERE operator.code = split_part(account.code, ':', 2))
        """,
    )


@check
def settlements_are_posted() -> Iterator[Found]:
    """Every step of a settlement that moves money is in the books, on its accounts, and no other step is."""
    yield from ask(
        _SETTLEMENTS,
        f"""
        WITH step AS (
          SELECT settlement.id, step.name, step.account, sum(step.amount) AS amount
            FROM {_OF_OPERATOR}
           CROSS JOIN LATERAL (
             SELECT settlement.approved_at IS NOT NULL AND settlement.total_amount > 0 AS approved,
                    settlement.status IN ('paid', 'returned') AS paid, settlement.status = 'returned' AS returned,
                    settlement.status IN ('returned', 'void') AS given_up,
                    settlement.reserve_released_at IS NOT NULL AS released, {_DUE} AS due,
                    format('operator:%s:', operator.code) AS own
           ) stands
           CROSS JOIN LATERAL (VALUES
             ('approved', approved, own || 'payable', settlement.total_amount),
             ('approved', approved, own || 'due', -due), ('approved', approved, own || 'reserve', -reserve_amount),
             ('paid', paid, own || 'due', due), ('paid', paid, 'bank', -due),
             ('returned', returned, 'bank', due), ('returned', returned, own || 'due', -due),
             ('reopened', approved AND given_up, own || 'payable', -settlement.total_amount),
             ('reopened', approved AND given_up, own || 'due', due),
             ('reopened', approved AND given_up, own || 'reserve', reserve_amount),
             ('reserve_released', released, own || 'reserve', reserve_amount),
             ('reserve_released', released, own || 'payable', -reserve_amount)
           ) AS step (name, is_posted, account, amount)
           WHERE step.is_posted AND step.amount <> 0 GROUP BY settlement.id, step.name, step.account
        ), named AS (
          SELECT step.*, format('settlement:%s:%s', id, name) AS reference FROM step
        ), posted AS (
          SELECT entry.id, entry.kind, entry.reference, entry.currency, account.code AS account,
                 sum(posting.amount) AS amount
            FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
            JOIN ledger_account account ON account.id = posting.account_id
           WHERE entry.kind IN ('settlement', 'reserve') GROUP BY entry.id, account.code
        )
        SELECT CASE WHEN step.id IS NULL THEN {ENTRY} ELSE {_SETTLEMENT} END,
               format('moves %s on %s by %s, not %s', coalesce(entry.amount, 0), coalesce(step.account, entry.account),
                      coalesce(step.reference, entry.reference), coalesce(step.amount, 0)),
               coalesce(entry.amount, 0) - coalesce(step.amount, 0), coalesce(settlement.currency, entry.currency)
          FROM named step
          FULL JOIN posted entry ON entry.reference = step.reference AND entry.account = step.account
          LEFT JOIN finance_settlement settlement ON settlement.id = step.id
          LEFT JOIN bookings_operator operator ON operator.id = settlement.operator_id
         WHERE coalesce(entry.amount, 0) <> coalesce(step.amount, 0)
            OR entry.kind <> CASE step.name WHEN 'reserve_released' THEN 'reserve' ELSE 'settlement' END
        """,
    )


@check
def two_people() -> Iterator[Found]:
    """Every settlement that was paid was approved by one person and paid by another, as its history tells."""
    by = """(SELECT change.actor FROM core_statuschange change
              WHERE change.subject_type = 'finance.settlement' AND change.subject_id = settlement.id::text
                AND change.to_status = '{step}' ORDER BY change.id DESC LIMIT 1)"""
    yield from ask(
        _SETTLEMENTS,
        f"""
        SELECT {_SETTLEMENT},
               format('was approved by %s and paid by %s, by its history %s and %s', settlement.approved_by,
                      settlement.paid_by, history.approved_by, history.paid_by),
               NULL, settlement.currency
          FROM (SELECT settlement.*, {by.format(step="approved")} AS approver, {by.format(step="paid")} AS payer
                  FROM finance_settlement settlement) settlement
          JOIN bookings_operator operator ON operator.id = settlement.operator_id
         CROSS JOIN LATERAL (
           SELECT coalesce(settlement.approver, '') AS approved_by, coalesce(settlement.payer, '') AS paid_by
         ) history
         WHERE (settlement.approved_by, settlement.paid_by) <> (history.approved_by, history.paid_by)
            OR (settlement.status IN ('approved', 'paid', 'returned') AND settlement.approved_by = '')
            OR (settlement.status IN ('paid', 'returned')
                AND (settlement.paid_by = '' OR settlement.paid_by = settlement.approved_by))
        """,
    )
