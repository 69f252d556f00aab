"""Payments, and what their charges are in the books."""

from collections.abc import Iterator

from finance.checks.bookings import PAYING
from finance.checks.ledger import ENTRY
from finance.checks.registry import Found, ask, check
from payments.models.gateway_event import MAX_RETRIES


@check
def payments_are_posted() -> Iterator[Found]:
    """Every payment that succeeded has one charge in the books, of what was received, split as the payment says."""
    # What is kept is the booking's: fare, tax and fees. The rest, or all of a payment that nobody needed, is owed back.
    yield from ask(
        "SELECT count(*) FROM payments_payment WHERE succeeded_at IS NOT NULL",
        f"""
        WITH paying AS ({PAYING}), charge AS (
          SELECT entry.id, entry.reference, entry.booking_reference, entry.currency, entry.charge_id,
                 coalesce(sum(posting.amount)
                          FILTER (WHERE account.code = 'gateway:' || entry.gateway || ':clearing'), 0) AS received,
                 coalesce(-sum(posting.amount) FILTER (WHERE account.code = 'travellers:unearned'), 0) AS fare,
                 coalesce(-sum(posting.amount) FILTER (WHERE account.code = 'tax:payable'), 0) AS tax,
                 coalesce(-sum(posting.amount) FILTER (WHERE account.code = 'platform:booking_fees'), 0) AS fee
            FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
            JOIN ledger_account account ON account.id = posting.account_id
           WHERE entry.kind = 'charge' GROUP BY entry.id
        ), payment AS (
          SELECT payment.*, booking.reference AS of_booking,
                 format('%s:%s:charge', payment.gateway, payment.intent_id) AS charge,
                 EXISTS (SELECT FROM paying WHERE paying.id = payment.id) AS is_paying
            FROM payments_payment payment JOIN bookings_booking booking ON booking.id = payment.booking_id
           WHERE payment.succeeded_at IS NOT NULL
        )
        SELECT format('payment %s of booking %s', payment.id, payment.of_booking),
               CASE WHEN charge.id IS NULL THEN 'has no charge in the books'
                    WHEN charge.received <> payment.received_amount
                    THEN format('received %s, its charge is of %s', payment.received_amount, charge.received)
                    WHEN (charge.booking_reference, charge.charge_id)
                         IS DISTINCT FROM (payment.of_booking, payment.charge_id)
                    THEN format('has a charge of booking %s, charge %s', charge.booking_reference, charge.charge_id)
                    ELSE format('has a charge of fare %s, tax %s and fees %s', charge.fare, charge.tax, charge.fee) END,
               coalesce(charge.received, 0) - payment.received_amount, payment.currency
          FROM payment LEFT JOIN charge ON charge.reference = payment.charge
         WHERE charge.id IS NULL OR charge.received <> payment.received_amount
            OR (charge.booking_reference, charge.charge_id) IS DISTINCT FROM (payment.of_booking, payment.charge_id)
            OR (charge.fare, charge.tax, charge.fee) IS DISTINCT FROM
               (CASE WHEN is_paying THEN payment.fare_amount ELSE 0 END::numeric,
                CASE WHEN is_paying THEN payment.tax_amount ELSE 0 END::numeric,
                CASE WHEN is_paying THEN payment.fee_amount ELSE 0 END::numeric)
        UNION ALL
        SELECT {ENTRY}, 'is a charge of no payment that succeeded', entry.received, entry.currency
          FROM (SELECT charge.*, 'charge' AS kind FROM charge) entry
          LEFT JOIN payment ON payment.charge = entry.reference
         WHERE payment.id IS NULL
        """,
    )


@check
def payment_states() -> Iterator[Found]:
    """How a payment stands follows from what it received and what of that was paid back."""
    yield from ask(
        "SELECT count(*) FROM payments_payment",
        """
        WITH stands AS (
          SELECT payment.*, coalesce(back.amount, 0) AS back,
                 CASE WHEN back.amount >= payment.received_amount THEN 'refunded'
                      WHEN back.amount > 0 THEN 'partially_refunded' ELSE 'succeeded' END AS expected
            FROM payments_payment payment
            LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payments_refund WHERE status = 'succeeded'
                        GROUP BY payment_id) back ON back.payment_id = payment.id
        )
        SELECT format('payment %s', id),
               CASE WHEN succeeded_at IS NULL AND received_amount > 0 THEN 'received money and did not succeed'
                    WHEN refunded_amount <> back
                    THEN format('says that %s went back, its refunds come to %s', refunded_amount, back)
                    WHEN succeeded_at IS NULL THEN format('is %s and did not succeed', status)
                    ELSE format('is %s, not %s', status, expected) END,
               CASE WHEN succeeded_at IS NULL THEN received_amount ELSE refunded_amount - back END, currency
          FROM stands
         WHERE refunded_amount <> back
            OR (succeeded_at IS NULL
                AND (received_amount > 0 OR status IN ('succeeded', 'partially_refunded', 'refunded')))
            OR (succeeded_at IS NOT NULL AND status <> expected)
        """,
    )


@check
def events_processed() -> Iterator[Found]:
    """No message of a gateway was given up after all tries; those that still wait have their turn."""
    yield from ask(
        "SELECT count(*) FROM payments_gatewayevent",
        f"""
        SELECT format('event %s of %s', event_id, gateway),
               format('%s was never processed: %s', type, left(last_error, 200)), NULL, ''
          FROM payments_gatewayevent WHERE processed_at IS NULL AND retry_count >= {int(MAX_RETRIES)}
        """,
    )
