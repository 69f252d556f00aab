"""An attack on each trigger that guards the books, the bookings, the payments and the settlements.

Written for a business in which all of them have something to look at (`tests.guards.conftest.business`). Each is
refused by its own trigger, by the constraint named here, even if all others are out of its way.
"""

from dataclasses import dataclass
from datetime import datetime

from tests.ledger.books import CLEARING, UNEARNED, entry_sql, last_month, noon_of

APPEND_ONLY = ("core_statuschange", "ledger_account", "ledger_journalentry", "ledger_posting", "ledger_checkpoint")
NEVER_EMPTIED = (
    "bookings_booking", "bookings_passenger", "bookings_trip", "bookings_seatclaim", "ledger_period",
    "payments_payment", "payments_refund", "payments_refundattempt", "payments_dispute", "payments_payout",
    "payments_balancetransaction", "payments_gatewayevent", "payments_gatewaycall", "finance_settlement",
    "finance_settlementline",
)  # fmt: skip
WITH_STATES = (
    "bookings_booking", "bookings_passenger", "bookings_trip", "ledger_period", "payments_payment", "payments_refund",
    "payments_dispute", "payments_payout", "finance_settlement",
)  # fmt: skip

BALANCED = [(CLEARING, 5), (UNEARNED, -5)]
# Dated by hand, so that it is complete even where the trigger that dates entries is out of the way.
DATED = {"posted_at": "2030-01-01", "effective_at": "2030-01-01"}
SOLD = "booking_id = (SELECT max(id) FROM bookings_booking WHERE status = 'confirmed')"
HELD = "booking_id = (SELECT max(id) FROM bookings_booking WHERE status = 'pending')"
ANOTHER_TRIPS_STOP = "(SELECT min(id) FROM bookings_tripstop)"


@dataclass(frozen=True)
class Attack:
    """`refused_by` is the constraint. `isolation` and `at`, if the transaction or the clock must be another."""

    sql: str
    refused_by: str
    isolation: str = "READ COMMITTED"
    at: datetime | None = None


def copied(table: str, where: str = "true", **changes: str) -> str:
    """A row is inserted that is a copy of another but for these columns, SQL expressions."""
    changed = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object({changed}))).*"
        f" FROM {table} one WHERE {where} LIMIT 1"
    )


def older(sql: str) -> Attack:
    """With a snapshot from before the gate was taken, a guard of the ledger would not see what it must."""
    return Attack(sql, "ledger_read_committed", isolation="REPEATABLE READ")


ATTACKS = {
    **{
        f"{table}.guard_{table}_append_only_row": Attack(f"DELETE FROM {table}", f"{table}_append_only")
        for table in APPEND_ONLY
    },
    **{
        f"{table}.guard_{table}_append_only_truncate": Attack(f"TRUNCATE {table} CASCADE", f"{table}_append_only")
        for table in APPEND_ONLY
    },
    **{
        f"{table}.guard_{table}_truncate": Attack(f"TRUNCATE {table} CASCADE", f"{table}_no_truncate")
        for table in NEVER_EMPTIED
    },
    **{
        f"{table}.guard_{table}_status_insert": Attack(copied(table, status="'never'"), f"{table}_initial_status")
        for table in WITH_STATES
    },
    **{
        f"{table}.guard_{table}_status_update": Attack(
            f"UPDATE {table} SET status = 'never'", f"{table}_status_transition"
        )
        for table in WITH_STATES
    },
    "ledger_journalentry.guard_ledger_gate": older(entry_sql([], posting_count=2, **DATED)),
    "ledger_posting.guard_ledger_gate": older(
        "INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES (1, 1, 1)"
    ),
    "ledger_checkpoint.guard_ledger_gate": older(copied("ledger_checkpoint", id="0", up_to_id="0")),
    "ledger_period.guard_ledger_gate": older("UPDATE ledger_period SET month = month"),
    "ledger_journalentry.guard_entry_period": Attack(
        entry_sql(BALANCED), "journalentry_period_open", at=noon_of(last_month())
    ),
    "ledger_journalentry.guard_entry_balances": Attack(
        entry_sql([(CLEARING, 5), (UNEARNED, -4)], **DATED), "journalentry_balances"
    ),
    "ledger_posting.guard_postings_join": Attack(
        "INSERT INTO ledger_posting (entry_id, account_id, amount) SELECT min(id), 1, 5 FROM ledger_journalentry",
        "posting_joins_open_entry",
    ),
    "ledger_checkpoint.guard_checkpoint_true": Attack(
        copied(
            "ledger_checkpoint", id="0", balance="one.balance + 1",
            up_to_id="(SELECT max(id) FROM ledger_posting)",
        ),
        "checkpoint_true",
    ),
    "ledger_period.guard_period_stays": Attack("DELETE FROM ledger_period", "period_stays"),
    "bookings_seat.guard_seat_frozen": Attack("UPDATE bookings_seat SET number = number || 'X'", "seat_frozen"),
    "bookings_tripstop.guard_stop_frozen_update": Attack(
        "UPDATE bookings_tripstop SET position = position + 5", "tripstop_frozen"
    ),
    "bookings_tripstop.guard_stop_frozen_delete": Attack("DELETE FROM bookings_tripstop", "tripstop_frozen"),
    "bookings_trip.guard_trip_seats": Attack(
        "UPDATE bookings_trip SET seat_map_id = (SELECT max(id) FROM bookings_seatmap)"
        " WHERE id = (SELECT min(trip_id) FROM bookings_seatclaim)",
        "trip_claims_fit_its_seats",
    ),
    "bookings_seatclaim.guard_claim_fits": Attack(
        copied("bookings_seatclaim", leg="7", booking_id="NULL", expires_at="NULL"), "seatclaim_fits_its_trip"
    ),
    "bookings_seatclaim.guard_claim_fits_still": Attack(
        f"UPDATE bookings_seatclaim SET leg = 7 WHERE {HELD}", "seatclaim_fits_its_trip"
    ),
    "bookings_seatclaim.guard_claim_sold": Attack(
        f"DELETE FROM bookings_seatclaim WHERE {SOLD}", "seatclaim_sold_stays"
    ),
    "bookings_seatclaim.guard_seats_claim_insert": Attack(
        copied(
            "bookings_seatclaim", HELD, expires_at="NULL",
            seat_id="(SELECT max(id) FROM bookings_seat WHERE seat_map_id ="
            " (SELECT seat_map_id FROM bookings_trip WHERE id = one.trip_id))",
        ),
        "booking_unsold_owns_nothing",
    ),
    "bookings_seatclaim.guard_seats_claim_update_new": Attack(
        f"UPDATE bookings_seatclaim SET expires_at = NULL WHERE {HELD}", "booking_unsold_owns_nothing"
    ),
    "bookings_seatclaim.guard_seats_claim_update_old": Attack(
        f"UPDATE bookings_seatclaim SET expires_at = berth_now() WHERE {SOLD}", "booking_owns_its_seats"
    ),
    "bookings_seatclaim.guard_seats_claim_delete": Attack(
        f"DELETE FROM bookings_seatclaim WHERE {SOLD}", "booking_owns_its_seats"
    ),
    "bookings_booking.guard_seats_booking_insert": Attack(
        copied(
            "bookings_booking", "status = 'pending'", id="9999", reference="'AAAAAAAA'", idempotency_key="NULL",
            boarding_id=ANOTHER_TRIPS_STOP,
        ),
        "booking_runs_on_its_trip",
    ),
    "bookings_booking.guard_seats_booking_update": Attack(
        f"UPDATE bookings_booking SET boarding_id = {ANOTHER_TRIPS_STOP} WHERE status = 'confirmed'",
        "booking_runs_on_its_trip",
    ),
    "bookings_passenger.guard_seats_passenger_insert": Attack(
        copied("bookings_passenger", SOLD, id="9999", seat_id="one.seat_id + 1"), "booking_owns_its_seats"
    ),
    "bookings_passenger.guard_seats_passenger_delete": Attack(
        f"DELETE FROM bookings_passenger WHERE {SOLD}", "booking_owns_its_seats"
    ),
    "bookings_passenger.guard_seats_passenger_update_new": Attack(
        f"UPDATE bookings_passenger SET seat_id = seat_id + 1 WHERE {SOLD}", "booking_owns_its_seats"
    ),
    "bookings_passenger.guard_seats_passenger_update_old": Attack(
        f"UPDATE bookings_passenger SET booking_id = held.id FROM (SELECT max(id) AS id FROM bookings_booking"
        f" WHERE status = 'pending') held WHERE {SOLD}",
        "booking_owns_its_seats",
    ),
    "payments_payment.guard_payment_frozen": Attack(
        "UPDATE payments_payment SET amount = amount + 1, fare_amount = fare_amount + 1", "payment_frozen"
    ),
    "payments_refund.guard_refund_frozen": Attack("UPDATE payments_refund SET amount = amount + 1", "refund_frozen"),
    "payments_refund.guard_refund_within_payment_insert": Attack(
        copied("payments_refund", id="9999", amount="1000000", status="'requested'"), "refund_within_payment"
    ),
    "payments_refund.guard_refund_within_payment_again": Attack(
        copied("payments_refund", id="9999", amount="1000000", status="'failed'")
        + "; UPDATE payments_refund SET status = 'requested' WHERE id = 9999",
        "refund_within_payment",
    ),
    "finance_settlement.guard_settlement_stays": Attack(
        "UPDATE finance_settlement SET total_amount = total_amount + 1", "settlement_stays"
    ),
    "finance_settlementline.guard_settlementline_stays": Attack(
        "DELETE FROM finance_settlementline", "settlementline_stays"
    ),
}  # fmt: skip
