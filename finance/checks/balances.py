"""What gateways told of disputes, payouts and their balances, against the books."""

from collections.abc import Iterator

from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check

_PAYOUT_LINES = "('payout', 'payout_failure', 'payout_cancel')"  # as payments.actions.match_lines has them


def _moved(account: str) -> str:
    """What each entry moved on such an account of its gateway, debit − credit."""
    return f"""
      SELECT entry.id, entry.kind, entry.reference, entry.booking_reference, entry.currency, entry.gateway,
             sum(posting.amount) AS amount
        FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
        JOIN ledger_journalentry entry ON entry.id = posting.entry_id
       WHERE account.code = 'gateway:' || entry.gateway || ':{account}' GROUP BY entry.id
    """


@check
def disputed_withheld() -> Iterator[Found]:
    """What the books say that banks withhold is what disputes hold that are not lost, booking by booking."""
    yield from ask(
        "SELECT count(*) FROM payments_dispute",
        f"""
        WITH withheld AS (
          SELECT booking.reference, dispute.gateway, dispute.currency,
                 coalesce(sum(dispute.held_amount) FILTER (WHERE dispute.status <> 'lost'), 0) AS amount
            FROM payments_dispute dispute JOIN payments_payment payment ON payment.id = dispute.payment_id
            JOIN bookings_booking booking ON booking.id = payment.booking_id
           GROUP BY booking.reference, dispute.gateway, dispute.currency
        ), held AS (
          SELECT booking_reference AS reference, gateway, currency, sum(amount) AS amount
            FROM ({_moved("disputed")}) moved GROUP BY booking_reference, gateway, currency
        )
        SELECT format('booking %s', reference),
               format('has %s withheld in the books, its disputes hold %s', coalesce(held.amount, 0),
                      coalesce(withheld.amount, 0)),
               coalesce(held.amount, 0) - coalesce(withheld.amount, 0), currency
          FROM withheld FULL JOIN held USING (reference, gateway, currency)
         WHERE coalesce(held.amount, 0) <> coalesce(withheld.amount, 0)
        """,
    )


@check
def disputes_are_posted() -> Iterator[Found]:
    """Every movement of a dispute is in the books, that of a lost one is written off, and they sum to what it holds."""
    yield from ask(
        "SELECT count(*) FROM payments_dispute",
        f"""
        WITH posted AS ({_moved("disputed")}), movement AS (
          SELECT dispute.id, dispute.gateway, dispute.status, line.key AS name, line.value::bigint AS amount
            FROM payments_dispute dispute, jsonb_each_text(dispute.movements) line
        ), wrong AS (
          SELECT dispute.id, format('holds %s, its movements come to %s', dispute.held_amount,
                                    -coalesce(sum(movement.amount), 0)) AS problem,
                 dispute.held_amount + coalesce(sum(movement.amount), 0) AS amount
            FROM payments_dispute dispute LEFT JOIN movement USING (id)
           GROUP BY dispute.id HAVING dispute.held_amount <> -coalesce(sum(movement.amount), 0)
          UNION ALL
          SELECT movement.id, format('moved %s by %s, the books %s', movement.amount, movement.name,
                                     coalesce(-posted.amount, 0)), coalesce(posted.amount, 0) + movement.amount
            FROM movement LEFT JOIN posted
              ON posted.reference = format('%s:%s:dispute', movement.gateway, movement.name)
           WHERE coalesce(-posted.amount, 0) <> movement.amount
          UNION ALL
          SELECT movement.id, format('is %s, and %s is written off with %s of %s', movement.status, movement.name,
                                     coalesce(posted.amount, 0), movement.amount),
                 coalesce(posted.amount, 0) - movement.amount
            FROM movement LEFT JOIN posted ON posted.reference = format('%s:%s:lost', movement.gateway, movement.name)
           WHERE coalesce(posted.amount, 0) <> CASE movement.status WHEN 'lost' THEN movement.amount ELSE 0 END
        )
        SELECT format('dispute %s of %s', dispute.dispute_id, dispute.gateway), wrong.problem, wrong.amount,
               dispute.currency
          FROM wrong JOIN payments_dispute dispute USING (id)
        """,
    )


@check
def in_transit() -> Iterator[Found]:
    """What is on its way to our bank is what left the gateways' balances as payouts and did not arrive yet."""
    yield from ask(
        f"""SELECT (SELECT count(*) FROM payments_payout)
                 + (SELECT count(*) FROM payments_balancetransaction WHERE type IN {_PAYOUT_LINES})""",
        f"""
        WITH posted AS ({_moved("in_transit")}), expected AS (
          SELECT format('%s:%s:line', gateway, transaction_id) AS reference, currency, -amount AS amount,
                 format('line %s of %s', transaction_id, gateway) AS subject
            FROM payments_balancetransaction WHERE type IN {_PAYOUT_LINES} AND outcome = 'matched'
          UNION ALL
          SELECT format('%s:%s:paid', gateway, payout_id), currency, -amount,
                 format('payout %s of %s', payout_id, gateway)
            FROM payments_payout WHERE status = 'paid' OR EXISTS (
                   SELECT FROM ledger_journalentry returned
                    WHERE returned.reference = format('%s:%s:returned', gateway, payout_id))
          UNION ALL
          SELECT format('%s:%s:returned', gateway, payout_id), currency, amount,
                 format('payout %s of %s', payout_id, gateway)
            FROM payments_payout WHERE status = 'failed' AND EXISTS (
                   SELECT FROM ledger_journalentry arrived
                    WHERE arrived.reference = format('%s:%s:paid', gateway, payout_id))
        )
        SELECT coalesce(expected.subject, {ENTRY}),
               format('moves %s on its way in the books, %s by what the gateway told', coalesce(entry.amount, 0),
                      coalesce(expected.amount, 0)),
               coalesce(entry.amount, 0) - coalesce(expected.amount, 0), coalesce(expected.currency, entry.currency)
          FROM expected FULL JOIN posted entry ON entry.reference = expected.reference
         WHERE coalesce(entry.amount, 0) <> coalesce(expected.amount, 0)
        """,
    )


@check
def lines_are_posted() -> Iterator[Found]:
    """Of every line of a gateway's balance the fee is in the books, and a payout matches if its lines come to it."""
    yield from ask(
        "SELECT count(*) FROM payments_balancetransaction",
        """
        SELECT format('line %s of %s', line.transaction_id, line.gateway),
               format('had a fee of %s, and the books have none', line.fee), -line.fee, line.currency
          FROM payments_balancetransaction line
          LEFT JOIN ledger_journalentry entry
            ON entry.reference = format('%s:%s:fee', line.gateway, line.transaction_id)
         WHERE line.fee <> 0 AND entry.id IS NULL
        UNION ALL
        SELECT format('payout %s of %s', payout.payout_id, payout.gateway),
               format('of %s counts as matched, its lines come to %s', payout.amount, coalesce(lines.net, 0)),
               coalesce(lines.net, 0) - payout.amount, payout.currency
          FROM payments_payout payout
          LEFT JOIN (SELECT payout_id, sum(amount - fee) AS net FROM payments_balancetransaction
                      GROUP BY payout_id) lines
            ON lines.payout_id = payout.id
         WHERE payout.matched_at IS NOT NULL AND coalesce(lines.net, 0) <> payout.amount
        """,
    )
