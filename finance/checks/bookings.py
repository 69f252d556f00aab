"""Bookings by themselves: their seats, prices and states."""

from collections.abc import Iterator

from finance.checks.registry import Found, ask, check

SOLD = "('confirmed', 'completed', 'no_show')"
OVER = "('completed', 'no_show')"
# Payments that a booking lives on: paid, and not those that went back by themselves (payments.queries).
PAYING = """
  SELECT payment.* FROM payments_payment payment
   WHERE payment.succeeded_at IS NOT NULL
     AND NOT EXISTS (SELECT FROM payments_refund refund WHERE refund.payment_id = payment.id
                                                          AND refund.reason IN ('late', 'duplicate', 'underpaid'))
"""
_BOOKINGS = "SELECT count(*) FROM bookings_booking"


@check
def claims_are_seats_of_live_bookings() -> Iterator[Found]:
    """Sold seats belong to the passengers of sold bookings, each on every leg of their way, and to nobody else."""
    yield from ask(
        "SELECT count(*) FROM bookings_seatclaim WHERE booking_id IS NOT NULL",
        f"""
        WITH way AS (
          SELECT booking.id, booking.reference, booking.status, booking.trip_id, boarding.position AS first_leg,
                 alighting.position AS end_leg, boarding.trip_id = booking.trip_id
                 AND alighting.trip_id = booking.trip_id AS on_its_trip
            FROM bookings_booking booking
            JOIN bookings_tripstop boarding ON boarding.id = booking.boarding_id
            JOIN bookings_tripstop alighting ON alighting.id = booking.alighting_id
        ), needed AS (
          SELECT way.id, count(passenger.id) * (way.end_leg - way.first_leg) AS legs
            FROM way LEFT JOIN bookings_passenger passenger
              ON passenger.booking_id = way.id AND passenger.status <> 'cancelled'
           GROUP BY way.id, way.end_leg, way.first_leg
        ), owned AS (
          SELECT claim.booking_id AS id, count(*) AS claims, count(*) FILTER (WHERE claim.expires_at IS NULL) AS sold,
                 count(*) FILTER (
                   WHERE claim.expires_at IS NULL AND claim.trip_id = way.trip_id AND claim.leg >= way.first_leg
                     AND claim.leg < way.end_leg AND EXISTS (
                           SELECT FROM bookings_passenger passenger
                            WHERE passenger.booking_id = way.id AND passenger.seat_id = claim.seat_id
                              AND passenger.status <> 'cancelled')) AS fitting
            FROM bookings_seatclaim claim JOIN way ON way.id = claim.booking_id
           GROUP BY claim.booking_id
        )
        SELECT format('booking %s', way.reference),
               CASE WHEN NOT way.on_its_trip THEN 'boards or alights on another trip'
                    WHEN way.status IN {SOLD} THEN
                      format('is %s and owns %s legs of seats, %s of them sold and its passengers'' own, who need %s',
                             way.status, coalesce(owned.claims, 0), coalesce(owned.fitting, 0), needed.legs)
                    ELSE format('is %s and owns %s sold legs of seats', way.status, owned.sold) END,
               NULL, ''
          FROM way JOIN needed USING (id) LEFT JOIN owned USING (id)
         WHERE NOT way.on_its_trip
            OR (way.status IN {SOLD} AND (needed.legs = 0 OR coalesce(owned.claims, 0) <> needed.legs
                                          OR coalesce(owned.fitting, 0) <> needed.legs))
            OR (way.status NOT IN {SOLD} AND owned.sold > 0)
        """,
    )


@check
def booking_totals() -> Iterator[Found]:
    """The fare, the tax and the fees of every booking are those of its passengers together."""
    yield from ask(
        _BOOKINGS,
        """
        SELECT format('booking %s', booking.reference),
               format('has fare %s, tax %s, fees %s; its passengers %s, %s, %s', booking.fare_amount,
                      booking.tax_amount, booking.fee_amount, coalesce(of_passengers.fare, 0),
                      coalesce(of_passengers.tax, 0), coalesce(of_passengers.fee, 0)),
               booking.fare_amount + booking.tax_amount + booking.fee_amount
               - coalesce(of_passengers.fare + of_passengers.tax + of_passengers.fee, 0),
               booking.currency
          FROM bookings_booking booking
          LEFT JOIN (
            SELECT booking_id, sum(fare_amount) AS fare, sum(tax_amount) AS tax, sum(fee_amount) AS fee
              FROM bookings_passenger GROUP BY booking_id
          ) of_passengers ON of_passengers.booking_id = booking.id
         WHERE (of_passengers.fare, of_passengers.tax, of_passengers.fee)
               IS DISTINCT FROM (booking.fare_amount::numeric, booking.tax_amount::numeric, booking.fee_amount::numeric)
        """,
    )


@check
def booking_paid() -> Iterator[Found]:
    """What a booking was paid is what its own payments were for, and what went back is what their refunds paid."""
    yield from ask(
        _BOOKINGS,
        f"""
        WITH paying AS ({PAYING}), paid AS (
          SELECT booking_id, sum(amount) AS amount FROM paying GROUP BY booking_id
        ), back AS (
          SELECT paying.booking_id, sum(refund.amount) AS amount
            FROM paying JOIN payments_refund refund ON refund.payment_id = paying.id
           WHERE refund.status = 'succeeded' AND refund.reason NOT IN ('late', 'duplicate', 'underpaid', 'overpaid')
           GROUP BY paying.booking_id
        )
        SELECT format('booking %s', booking.reference),
               CASE WHEN booking.paid_amount <> coalesce(paid.amount, 0)
                    THEN format('says that %s was paid, its payments come to %s', booking.paid_amount,
                                coalesce(paid.amount, 0))
                    ELSE format('says that %s went back, its refunds come to %s', booking.refunded_amount,
                                coalesce(back.amount, 0)) END,
               CASE WHEN booking.paid_amount <> coalesce(paid.amount, 0)
                    THEN booking.paid_amount - coalesce(paid.amount, 0)
                    ELSE booking.refunded_amount - coalesce(back.amount, 0) END,
               booking.currency
          FROM bookings_booking booking
          LEFT JOIN paid ON paid.booking_id = booking.id LEFT JOIN back ON back.booking_id = booking.id
         WHERE booking.paid_amount <> coalesce(paid.amount, 0) OR booking.refunded_amount <> coalesce(back.amount, 0)
        """,
    )


@check
def booking_payment_status() -> Iterator[Found]:
    """The payment status of a paid booking, and whether it is refunded, follow from its refunds and disputes."""
    yield from ask(
        "SELECT count(*) FROM bookings_booking WHERE paid_amount > 0",
        f"""
        WITH paying AS ({PAYING}), disputed AS (
          SELECT DISTINCT paying.booking_id FROM paying JOIN payments_dispute dispute ON dispute.payment_id = paying.id
           WHERE dispute.status IN ('needs_response', 'under_review') OR dispute.held_amount > 0
              OR (dispute.status = 'lost' AND dispute.movements = '{{}}')
        ), owed AS (
          SELECT DISTINCT paying.booking_id FROM paying JOIN payments_refund refund ON refund.payment_id = paying.id
           WHERE refund.reason NOT IN ('late', 'duplicate', 'underpaid', 'overpaid')
             AND refund.status NOT IN ('succeeded', 'replaced')
             AND (refund.reason, refund.status) <> ('gateway', 'failed')
        ), expected AS (
          SELECT booking.id, booking.refunded_amount > 0 AND owed.booking_id IS NULL AS in_full,
                 CASE WHEN disputed.booking_id IS NOT NULL THEN 'disputed'
                      WHEN booking.refunded_amount >= booking.paid_amount THEN 'refunded'
                      WHEN booking.refunded_amount > 0 THEN 'partially_refunded' ELSE 'paid' END AS payment_status
            FROM bookings_booking booking
            LEFT JOIN disputed ON disputed.booking_id = booking.id LEFT JOIN owed ON owed.booking_id = booking.id
           WHERE booking.paid_amount > 0
        )
        SELECT format('booking %s', booking.reference),
               CASE WHEN booking.payment_status <> expected.payment_status
                    THEN format('is shown as %s and is %s', booking.payment_status, expected.payment_status)
                    WHEN expected.in_full THEN 'is cancelled although all that it was owed was paid back'
                    ELSE 'is refunded although not all that it was owed was paid back' END,
               NULL, booking.currency
          FROM expected JOIN bookings_booking booking USING (id)
         WHERE booking.payment_status <> expected.payment_status
            OR booking.status = CASE WHEN expected.in_full THEN 'cancelled' ELSE 'refunded' END
        """,
    )


@check
def states_consistent() -> Iterator[Found]:
    """A booking was sold if and only if a payment of its own succeeded that the books hold for its journey."""
    yield from ask(
        _BOOKINGS,
        f"""
        WITH paying AS ({PAYING}), paid AS (
          SELECT DISTINCT booking_id FROM paying
        ), charged AS (
          SELECT DISTINCT entry.booking_reference
            FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
            JOIN ledger_account account ON account.id = posting.account_id
           WHERE entry.kind = 'charge' AND posting.amount < 0
             AND account.code IN ('travellers:unearned', 'tax:payable', 'platform:booking_fees')
        ), sold AS (
          SELECT DISTINCT subject_id FROM core_statuschange
           WHERE subject_type = 'bookings.booking' AND to_status = 'confirmed'
        ), stands AS (
          SELECT booking.*, sold.subject_id IS NOT NULL AS was_sold, paid.booking_id IS NOT NULL AS was_paid,
                 charged.booking_reference IS NOT NULL AS was_charged
            FROM bookings_booking booking
            LEFT JOIN sold ON sold.subject_id = booking.id::text LEFT JOIN paid ON paid.booking_id = booking.id
            LEFT JOIN charged ON charged.booking_reference = booking.reference
        )
        SELECT format('booking %s', reference),
               CASE WHEN was_paid AND NOT was_charged THEN 'was paid, and no charge in the books is for its journey'
                    WHEN was_charged AND NOT was_paid THEN 'has a charge for its journey in the books, and no payment'
                    WHEN was_paid THEN format('is %s although it was paid', status)
                    ELSE format('is %s although nothing was paid', status) END,
               NULL, currency
          FROM stands
         WHERE was_paid <> was_charged OR was_paid <> was_sold
            OR (was_paid AND status NOT IN ('confirmed', 'cancelled', 'refunded', 'completed', 'no_show'))
            OR (NOT was_paid AND status NOT IN ('pending', 'pending_payment', 'failed', 'expired', 'cancelled'))
        """,
    )
