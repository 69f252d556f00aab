"""Who got how much of what was earned, reckoned anew from the terms that were frozen when it was sold."""

from collections.abc import Iterator

from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check

# Where the books hold a booking's money until it is settled or given back. Entries by hand, which have no reference,
# only name a booking and move nothing of it.
_OF_BOOKING = """(account.code IN ('travellers:unearned', 'tax:payable', 'platform:booking_fees', 'platform:commission',
                                   'tax:commission') OR account.code LIKE 'operator:%:payable')"""


@check
def operators_own_trips() -> Iterator[Found]:
    """What a booking moves on accounts of operators is the operator's whose trip it is."""
    yield from ask(
        """SELECT count(*) FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
            WHERE account.code LIKE 'operator:%'""",
        f"""
        SELECT {ENTRY},
               CASE WHEN entry.booking_reference = '' THEN format('moves money of %s for no booking', account.code)
                    WHEN operator.id IS NULL
                    THEN format('moves money of %s for booking %s, which is unknown', account.code,
                                entry.booking_reference)
                    ELSE format('moves money of %s for booking %s of %s', account.code, booking.reference,
                                operator.code) END,
               posting.amount, entry.currency
          FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
          JOIN ledger_journalentry entry ON entry.id = posting.entry_id
          LEFT JOIN bookings_booking booking ON booking.reference = entry.booking_reference
          LEFT JOIN bookings_trip trip ON trip.id = booking.trip_id
          LEFT JOIN bookings_operator operator ON operator.id = trip.operator_id
         WHERE account.code LIKE 'operator:%'
           AND entry.reference IS NOT NULL AND entry.kind NOT IN ('settlement', 'reserve')
           AND account.code IS DISTINCT FROM format('operator:%s:payable', operator.code)
        """,
    )


@check
def commission_by_terms() -> Iterator[Found]:
    """Of what operators earned, our commission is the booking's part to within its rounding, and its tax exact."""
    # Rounded once for the booking, once for each seat, and once more for a part: less than one unit each.
    yield from ask(
        "SELECT count(*) FROM ledger_journalentry WHERE kind IN ('earning', 'cancellation_fee')",
        f"""
        WITH earned AS (
          SELECT entry.id, sum(posting.amount) FILTER (WHERE account.code = 'travellers:unearned') AS amount,
                 -coalesce(sum(posting.amount) FILTER (WHERE account.code = 'platform:commission'), 0) AS net,
                 -coalesce(sum(posting.amount) FILTER (WHERE account.code = 'tax:commission'), 0) AS tax
            FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
            JOIN ledger_account account ON account.id = posting.account_id
           WHERE entry.kind IN ('earning', 'cancellation_fee') GROUP BY entry.id
        ), terms AS (
          SELECT booking.reference, booking.commission_bps, booking.commission_tax_bps,
                 count(passenger.id) AS seats,
                 sum(passenger.fare_amount) FILTER (WHERE passenger.status <> 'cancelled') AS fares
            FROM bookings_booking booking JOIN bookings_passenger passenger ON passenger.booking_id = booking.id
           GROUP BY booking.id
        ), compared AS (
          SELECT entry.*, earned.amount, earned.net, earned.tax, terms.seats,
                 CASE WHEN entry.kind = 'earning' THEN least(earned.amount, coalesce(terms.fares, 0))
                      ELSE earned.amount END
                 * terms.commission_bps / 10000.0 AS commission,
                 div((earned.net + earned.tax) * 20000 + 10000 + terms.commission_tax_bps,
                     (10000 + terms.commission_tax_bps) * 2) AS without_tax
            FROM earned JOIN ledger_journalentry entry ON entry.id = earned.id
            LEFT JOIN terms ON terms.reference = entry.booking_reference
        )
        SELECT {ENTRY},
               CASE WHEN seats IS NULL THEN 'earns money of no booking'
                    WHEN net <> without_tax THEN format('has commission %s and tax %s in it, not %s and %s', net, tax,
                                                        without_tax, net + tax - without_tax)
                    ELSE format('has commission %s of %s, by the terms %s', net + tax, amount, round(commission, 2))
               END,
               net + tax - round(commission), currency
          FROM compared entry
         WHERE seats IS NULL OR net <> without_tax OR abs(net + tax - commission) > seats + 1
        """,
    )


@check
def given_back_by_share() -> Iterator[Found]:
    """What goes back after departure, each gives who earned of it in proportion, and our booking fee gives the rest."""
    yield from ask(
        "SELECT count(*) FROM ledger_journalentry WHERE kind = 'refund_decision' AND reference LIKE '%:given_back:%'",
        f"""
        WITH given AS (
          SELECT entry.* FROM ledger_journalentry entry
           WHERE entry.kind = 'refund_decision' AND entry.reference LIKE '%:given_back:%'
        ), held AS (
          SELECT given.id, account.code,
                 greatest(0, -coalesce(sum(posting.amount) FILTER (WHERE other.id < given.id), 0)) AS amount,
                 coalesce(sum(posting.amount) FILTER (WHERE other.id = given.id), 0) AS taken
            FROM given JOIN ledger_journalentry other
              ON other.booking_reference = given.booking_reference AND other.id <= given.id
            JOIN ledger_posting posting ON posting.entry_id = other.id
            JOIN ledger_account account ON account.id = posting.account_id
           WHERE {_OF_BOOKING} AND other.reference IS NOT NULL
             AND account.code NOT IN ('travellers:unearned', 'platform:booking_fees')
           GROUP BY given.id, account.code
        ), whole AS (
          SELECT given.id, (SELECT sum(posting.amount) FROM ledger_posting posting
                             WHERE posting.entry_id = given.id AND posting.amount > 0) AS amount,
                 coalesce((SELECT sum(held.amount) FROM held WHERE held.id = given.id), 0) AS held
            FROM given
        )
        SELECT {ENTRY}, format('takes %s from %s, by its share %s', held.taken, held.code, share.amount),
               held.taken - share.amount, entry.currency
          FROM held JOIN whole USING (id) JOIN given entry USING (id)
         CROSS JOIN LATERAL (
           SELECT round(least(whole.amount, whole.held) * held.amount / nullif(whole.held, 0)) AS amount
         ) share
         WHERE abs(held.taken * whole.held - least(whole.amount, whole.held) * held.amount) >= greatest(1, whole.held)
        """,
    )


@check
def nothing_overdrawn() -> Iterator[Found]:
    """No account has given more of a booking's money than it held of it."""
    yield from ask(
        "SELECT count(*) FROM bookings_booking WHERE paid_amount > 0",
        f"""
        SELECT format('booking %s', entry.booking_reference),
               format('is owed %s by account %s', sum(posting.amount), account.code), sum(posting.amount),
               entry.currency
          FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
          JOIN ledger_journalentry entry ON entry.id = posting.entry_id
         WHERE {_OF_BOOKING} AND entry.booking_reference <> '' AND entry.reference IS NOT NULL
         GROUP BY entry.booking_reference, entry.currency, account.code HAVING sum(posting.amount) > 0
        """,
    )
