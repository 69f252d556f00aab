"""What goes back: each refund against the books, and what the books owe against all refunds."""

from collections.abc import Iterator

from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check

# What has left for each refund and did not come back, minor units: by its attempts at the gateway, and by hand.
MOVED = """
  SELECT refund.id, coalesce(sum(left_.amount), 0) AS amount
    FROM payments_refund refund
    LEFT JOIN (
      SELECT attempt.refund_id,
             CASE WHEN entry.kind = 'refund_bounce' THEN -1 ELSE 1 END * moved.amount AS amount
        FROM payments_refundattempt attempt
        JOIN ledger_journalentry entry
          ON entry.refund_id = attempt.gateway_refund_id AND entry.gateway = attempt.gateway
         AND entry.kind IN ('refund', 'partial_refund', 'refund_bounce')
        JOIN LATERAL (SELECT sum(amount) AS amount FROM ledger_posting posting
                       WHERE posting.entry_id = entry.id AND posting.amount > 0) moved ON true
      UNION ALL
      SELECT split_part(entry.reference, ':', 2)::bigint, moved.amount
        FROM ledger_journalentry entry
        JOIN LATERAL (SELECT sum(amount) AS amount FROM ledger_posting posting
                       WHERE posting.entry_id = entry.id AND posting.amount > 0) moved ON true
       WHERE entry.kind = 'refund' AND entry.reference ~ '^refund:[0-9]{1,18}:by_hand$'
    ) left_ ON left_.refund_id = refund.id
   GROUP BY refund.id
"""
_REFUNDS = "SELECT count(*) FROM payments_refund"


def _held(code: str) -> str:
    """What an account has for each booking, or for none, debit − credit."""
    return f"""
      SELECT entry.booking_reference AS reference, entry.currency, sum(posting.amount) AS amount
        FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
        JOIN ledger_journalentry entry ON entry.id = posting.entry_id
       WHERE account.code = '{code}' GROUP BY entry.booking_reference, entry.currency
    """


@check
def refunds_are_posted() -> Iterator[Found]:
    """Refunds that were paid have left in the books, others have not or came back, and the books know no others."""
    yield from ask(
        _REFUNDS,
        f"""
        WITH moved AS ({MOVED})
        SELECT format('refund %s of payment %s', refund.id, refund.payment_id),
               format('of %s is %s, and %s of it has left in the books', refund.amount, refund.status, moved.amount),
               moved.amount - CASE refund.status WHEN 'succeeded' THEN refund.amount ELSE 0 END, refund.currency
          FROM payments_refund refund JOIN moved USING (id)
         WHERE moved.amount NOT IN (CASE WHEN refund.status = 'succeeded' THEN refund.amount ELSE 0 END,
                                    CASE WHEN refund.status IN ('succeeded', 'submitted') THEN refund.amount ELSE 0 END)
        UNION ALL
        SELECT {ENTRY}, 'is of no refund that is known', NULL, entry.currency
          FROM ledger_journalentry entry
          LEFT JOIN payments_refundattempt attempt
            ON attempt.gateway = entry.gateway AND attempt.gateway_refund_id = entry.refund_id
          LEFT JOIN payments_refund by_hand
            ON entry.reference = format('refund:%s:by_hand', by_hand.id) AND by_hand.paid_by_hand
         WHERE entry.kind IN ('refund', 'partial_refund', 'refund_bounce') AND attempt.id IS NULL AND by_hand.id IS NULL
        """,
    )


@check
def refunds_within_charges() -> Iterator[Found]:
    """What we pay back of a payment, or are about to, is never more than was received of it."""
    # A refund made in the gateway's dashboard, or a bank, can take what it likes; the guard sees to the rest.
    yield from ask(
        "SELECT count(DISTINCT payment_id) FROM payments_refund",
        """
        SELECT format('payment %s', payment.id),
               format('received %s, and %s go back', payment.received_amount, sum(refund.amount)),
               sum(refund.amount) - payment.received_amount, max(refund.currency)
          FROM payments_payment payment JOIN payments_refund refund ON refund.payment_id = payment.id
         WHERE refund.reason <> 'gateway' AND refund.status NOT IN ('failed', 'replaced')
         GROUP BY payment.id HAVING sum(refund.amount) > payment.received_amount
        """,
    )


@check
def refunds_payable() -> Iterator[Found]:
    """What the books owe to payers is, booking by booking, what refunds of ours have still to pay."""
    yield from ask(
        "SELECT count(*) FROM bookings_booking",
        f"""
        WITH moved AS ({MOVED}), owed AS (
          SELECT booking.reference, refund.currency, sum(
                   CASE WHEN refund.status IN ('requested', 'submitting', 'failed') THEN refund.amount
                        WHEN refund.status = 'submitted' THEN refund.amount - moved.amount ELSE 0 END) AS amount
            FROM payments_refund refund JOIN moved USING (id)
            JOIN payments_payment payment ON payment.id = refund.payment_id
            JOIN bookings_booking booking ON booking.id = payment.booking_id
           WHERE refund.reason <> 'gateway' GROUP BY booking.reference, refund.currency
        ), held AS ({_held("refunds:payable")})
        SELECT CASE WHEN reference = '' THEN 'entries of no booking' ELSE format('booking %s', reference) END,
               format('is owed %s by its refunds and %s by the books', coalesce(owed.amount, 0),
                      coalesce(-held.amount, 0)),
               coalesce(-held.amount, 0) - coalesce(owed.amount, 0), currency
          FROM owed FULL JOIN held USING (reference, currency)
         WHERE coalesce(owed.amount, 0) <> coalesce(-held.amount, 0)
        """,
    )


@check
def suspense_explained() -> Iterator[Found]:
    """Suspense is what gateways paid back by their own hand and nobody has explained, and lines of their balances."""
    # Lines stay there for good: to explain one moves no money. Of a refund that came back nothing stays.
    yield from ask(
        "SELECT (SELECT count(*) FROM payments_refund WHERE reason = 'gateway')"
        " + (SELECT count(*) FROM payments_balancetransaction WHERE outcome = 'suspense')",
        f"""
        WITH moved AS ({MOVED}), unexplained AS (
          SELECT booking.reference, refund.currency, sum(
                   moved.amount - CASE WHEN refund.accounted THEN refund.amount ELSE refund.explained_amount END)
                 AS amount
            FROM payments_refund refund JOIN moved USING (id)
            JOIN payments_payment payment ON payment.id = refund.payment_id
            JOIN bookings_booking booking ON booking.id = payment.booking_id
           WHERE refund.reason = 'gateway' AND refund.status <> 'failed' GROUP BY booking.reference, refund.currency
        ), held AS ({_held("suspense")}), line AS (
          SELECT line.transaction_id, line.gateway, line.currency, -line.amount AS amount,
                 format('%s:%s:line', line.gateway, line.transaction_id) AS reference
            FROM payments_balancetransaction line WHERE line.outcome = 'suspense'
        ), posted AS (
          SELECT entry.id, entry.kind, entry.reference, entry.currency, sum(posting.amount) AS amount
            FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
            JOIN ledger_journalentry entry ON entry.id = posting.entry_id
           WHERE account.code = 'suspense' AND entry.booking_reference = '' GROUP BY entry.id
        )
        SELECT format('booking %s', reference),
               format('has %s in suspense, its refunds explain %s', coalesce(held.amount, 0),
                      coalesce(unexplained.amount, 0)),
               coalesce(held.amount, 0) - coalesce(unexplained.amount, 0), currency
          FROM unexplained FULL JOIN (SELECT * FROM held WHERE reference <> '') held USING (reference, currency)
         WHERE coalesce(held.amount, 0) <> coalesce(unexplained.amount, 0)
        UNION ALL
        SELECT CASE WHEN entry.id IS NULL THEN format('line %s of %s', line.transaction_id, line.gateway)
                    ELSE {ENTRY} END,
               format('moves %s of suspense, the balance of the gateway %s', coalesce(entry.amount, 0),
                      coalesce(line.amount, 0)),
               coalesce(entry.amount, 0) - coalesce(line.amount, 0), coalesce(entry.currency, line.currency)
          FROM line FULL JOIN posted entry ON entry.reference = line.reference
         WHERE coalesce(entry.amount, 0) <> coalesce(line.amount, 0)
        """,
    )
