"""What the books hold for journeys that are still ahead, and what was earned by those that are over."""

from collections.abc import Iterator

from finance.checks.bookings import OVER, PAYING
from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check

_UNEARNED = """
  SELECT entry.id, entry.kind, entry.reference, entry.booking_reference, entry.currency, posting.amount
    FROM ledger_account account JOIN ledger_posting posting ON posting.account_id = account.id
    JOIN ledger_journalentry entry ON entry.id = posting.entry_id
   WHERE account.code = 'travellers:unearned'
"""


@check
def unearned_is_of_future_trips() -> Iterator[Found]:
    """Unearned money is the fares of live passengers of confirmed bookings, less what a bank took, and nothing else."""
    # Where a bank took something and seats were given up after, it is counted towards these first, so that no more than
    # a range is known from here: what exactly goes where, the entries of that decision say.
    yield from ask(
        "SELECT count(*) FROM bookings_booking",
        f"""
        WITH unearned AS ({_UNEARNED}), held AS (
          SELECT booking_reference, currency, -sum(amount) AS amount,
                 sum(amount) FILTER (WHERE kind IN ('dispute', 'dispute_reversal', 'adjustment')) AS by_bank
            FROM unearned GROUP BY booking_reference, currency
        ), passengers AS (
          SELECT booking_id, coalesce(sum(fare_amount) FILTER (WHERE status <> 'cancelled'), 0) AS fares,
                 bool_or(status = 'cancelled') AS some_cancelled
            FROM bookings_passenger GROUP BY booking_id
        ), compared AS (
          SELECT booking.reference, booking.status, coalesce(held.currency, booking.currency) AS currency,
                 coalesce(held.amount, 0) AS amount,
                 CASE WHEN booking.status <> 'confirmed' OR held.currency <> booking.currency THEN 0
                      WHEN held.by_bank IS NULL THEN passengers.fares
                      WHEN passengers.some_cancelled THEN 0 ELSE passengers.fares - held.by_bank END AS least,
                 CASE WHEN booking.status <> 'confirmed' OR held.currency <> booking.currency THEN 0
                      WHEN held.by_bank IS NULL OR passengers.some_cancelled THEN passengers.fares
                      ELSE passengers.fares - held.by_bank END AS most
            FROM bookings_booking booking
            LEFT JOIN passengers ON passengers.booking_id = booking.id
            LEFT JOIN held ON held.booking_reference = booking.reference
        )
        SELECT format('booking %s', reference),
               format('is %s and has %s unearned in the books, not %s', status, amount,
                      CASE WHEN least = most THEN least::text ELSE format('%s to %s', least, most) END),
               CASE WHEN amount > most THEN amount - most ELSE amount - least END, currency
          FROM compared WHERE amount NOT BETWEEN least AND most
        UNION ALL
        SELECT format('entry %s %s', unearned.id, coalesce(unearned.reference, unearned.kind)),
               'moves unearned money of no booking', unearned.amount, unearned.currency
          FROM unearned LEFT JOIN bookings_booking booking ON booking.reference = unearned.booking_reference
         WHERE booking.id IS NULL
        """,
    )


@check
def earned_once() -> Iterator[Found]:
    """Money is earned of bookings that are over, as of when their stop was left, and never more than their fares."""
    yield from ask(
        "SELECT count(*) FROM ledger_journalentry WHERE kind = 'earning'",
        f"""
        WITH earning AS (
          SELECT entry.*, row_number() OVER (PARTITION BY entry.booking_reference ORDER BY entry.id) AS number
            FROM ledger_journalentry entry WHERE entry.kind = 'earning'
        )
        SELECT {ENTRY},
               CASE WHEN booking.id IS NULL THEN 'earns money of no booking'
                    WHEN booking.status NOT IN {OVER} THEN
                      format('earns money of booking %s, which is %s', booking.reference, booking.status)
                    WHEN entry.effective_at <> boarding.departs_at THEN 'is not dated by when the stop was left'
                    WHEN entry.posted_at < boarding.departs_at THEN 'was written before the stop was left'
                    ELSE format('is the %s. earning of booking %s', entry.number, booking.reference) END,
               NULL, entry.currency
          FROM earning entry LEFT JOIN bookings_booking booking ON booking.reference = entry.booking_reference
          LEFT JOIN bookings_tripstop boarding ON boarding.id = booking.boarding_id
         WHERE booking.id IS NULL OR booking.status NOT IN {OVER} OR entry.effective_at <> boarding.departs_at
            OR entry.posted_at < boarding.departs_at
            OR entry.reference
               <> format('trip:%s:booking:%s:earned:%s', booking.trip_id, booking.reference, entry.number)
        UNION ALL
        SELECT format('booking %s', booking.reference),
               format('earned %s of fares of %s', earned.amount, booking.fare_amount),
               earned.amount - booking.fare_amount, booking.currency
          FROM (SELECT booking_reference, sum(amount) AS amount FROM ({_UNEARNED}) unearned
                 WHERE kind IN ('earning', 'cancellation_fee', 'dispute_reversal', 'adjustment')
                 GROUP BY booking_reference) earned
          JOIN bookings_booking booking ON booking.reference = earned.booking_reference
         WHERE earned.amount > booking.fare_amount
        """,
    )


@check
def over_is_earned() -> Iterator[Found]:
    """Of every booking that is over the money was earned, unless a bank took all of it before."""
    yield from ask(
        f"SELECT count(*) FROM bookings_booking WHERE status IN {OVER}",
        f"""
        WITH unearned AS ({_UNEARNED}), paying AS ({PAYING}), earned AS (
          SELECT DISTINCT booking_reference FROM unearned WHERE kind = 'earning'
        ), taken AS (
          SELECT DISTINCT booking_reference FROM unearned WHERE kind = 'dispute'
        )
        SELECT format('booking %s', booking.reference), format('is %s, and nothing of it was earned', booking.status),
               -booking.fare_amount, booking.currency
          FROM bookings_booking booking
         WHERE booking.status IN {OVER} AND booking.reference NOT IN (SELECT booking_reference FROM earned)
           AND booking.reference NOT IN (SELECT booking_reference FROM taken)
           AND EXISTS (SELECT FROM bookings_passenger passenger WHERE passenger.booking_id = booking.id
                                                AND passenger.status <> 'cancelled' AND passenger.fare_amount > 0)
           AND EXISTS (SELECT FROM paying WHERE paying.booking_id = booking.id)
        """,
    )
