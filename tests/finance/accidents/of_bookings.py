"""Accidents of bookings, and what was earned of them."""

from tests.finance.accidents.accident import Accident, account
from tests.finance.worlds import given_back, left, refunded, sold
from tests.world import hold_seats, make_trip

ACCIDENTS: dict[str, list[Accident]] = {
    "claims_are_seats_of_live_bookings": [
        Accident(
            sold,
            "UPDATE bookings_seatclaim SET expires_at = berth_now()"
            " WHERE seat_id = (SELECT min(seat_id) FROM bookings_seatclaim)",
            ("booking", "owns 2 legs of seats, 1 of them sold"),
        ),
        Accident(
            lambda: hold_seats(make_trip(), "1A"),
            "UPDATE bookings_seatclaim SET expires_at = NULL",
            ("booking", "is pending and owns 1 sold legs of seats"),
        ),
    ],
    "booking_totals": [
        Accident(
            sold,
            "UPDATE bookings_passenger SET tax_amount = tax_amount + 1"
            " WHERE id = (SELECT min(id) FROM bookings_passenger)",
            ("booking", "its passengers"),
        )
    ],
    "booking_paid": [
        Accident(
            sold, "UPDATE bookings_booking SET paid_amount = paid_amount + 1", ("booking", "says that 21001 was paid")
        ),
        Accident(
            refunded,
            "UPDATE bookings_booking SET refunded_amount = refunded_amount - 1",
            ("booking", "went back, its refunds come to"),
        ),
    ],
    "booking_payment_status": [
        Accident(
            sold,
            "UPDATE bookings_booking SET payment_status = 'disputed'",
            ("booking", "is shown as disputed and is paid"),
        )
    ],
    "states_consistent": [
        Accident(
            sold,
            "DELETE FROM core_statuschange WHERE subject_type = 'bookings.booking' AND to_status = 'confirmed'",
            ("booking", "is confirmed although it was paid"),
            also=("histories_are_paths",),
        ),
        Accident(
            sold,
            "UPDATE ledger_journalentry SET booking_reference = '' WHERE kind = 'charge'",
            ("booking", "no charge in the books is for its journey"),
            also=("unearned_is_of_future_trips", "payments_are_posted"),
        ),
    ],
    "unearned_is_of_future_trips": [
        Accident(
            sold,
            "WITH one AS (UPDATE bookings_booking SET fare_amount = fare_amount + 1 RETURNING id)"
            " UPDATE bookings_passenger SET fare_amount = fare_amount + 1"
            " WHERE id = (SELECT min(id) FROM bookings_passenger) AND EXISTS (SELECT FROM one)",
            ("booking", "is confirmed and has 17392 unearned in the books, not 17393"),
        )
    ],
    "earned_once": [
        Accident(
            left,
            "UPDATE ledger_journalentry SET effective_at = posted_at + interval '1 hour' WHERE kind = 'earning'",
            ("entry", ":earned:1", "is not dated by when the stop was left"),
        ),
        Accident(
            left,
            "UPDATE ledger_journalentry SET posted_at = effective_at - interval '1 hour' WHERE kind = 'earning'",
            ("entry", ":earned:1", "was written before the stop was left"),
        ),
    ],
    "over_is_earned": [
        Accident(
            left,
            "UPDATE ledger_journalentry SET kind = 'adjustment' WHERE kind = 'earning'",
            ("booking", "is completed, and nothing of it was earned"),
        )
    ],
    "operators_own_trips": [
        Accident(
            left,
            "WITH other AS (INSERT INTO ledger_account (code, kind, currency)"
            " VALUES ('operator:OTHER:payable', 'liability', 'SAR') RETURNING id)"
            " UPDATE ledger_posting SET account_id = (SELECT id FROM other)"
            f" WHERE account_id = {account('operator:OPSAR:payable')}",
            ("entry", ":earned:1", "moves money of operator:OTHER:payable for booking", "of OPSAR"),
            also=("operator_accounts",),
        )
    ],
    "commission_by_terms": [
        Accident(
            left,
            "UPDATE bookings_booking SET commission_bps = commission_bps + 10",
            ("entry", ":earned:1", "has commission 696 of 8696, by the terms 704.38"),
        ),
        Accident(
            left,
            "UPDATE bookings_booking SET commission_tax_bps = 1500",
            ("entry", ":earned:1", "has commission 696 and tax 0 in it, not 605 and 91"),
        ),
    ],
    "given_back_by_share": [
        Accident(
            given_back,
            f"""UPDATE ledger_posting SET amount = amount + CASE account_id
                  WHEN {account("operator:OPSAR:payable")} THEN 2 ELSE -2 END
                 WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE reference LIKE '%:given_back:1')
                   AND account_id IN ({account("operator:OPSAR:payable")}, {account("platform:commission")})""",
            ("entry", ":given_back:1", "from operator:OPSAR:payable, by its share"),
        )
    ],
    "nothing_overdrawn": [
        Accident(
            left,
            f"""UPDATE ledger_posting SET amount = amount + CASE account_id
                  WHEN {account("operator:OPSAR:payable")} THEN -1000 ELSE 1000 END
                 WHERE account_id IN ({account("operator:OPSAR:payable")}, {account("platform:commission")})""",
            ("booking", "is owed 304 by account platform:commission"),
            also=("commission_by_terms",),
        )
    ],
}
