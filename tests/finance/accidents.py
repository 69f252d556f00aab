"""What to do to each of the small worlds so that one invariant holds no more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger.models import Checkpoint
from payments.models import Refund
from tests.admin import scene
from tests.finance.worlds import (
    approved_in_error,
    closed,
    counted_twice,
    disputed,
    given_back,
    given_up,
    left,
    paid_back_there,
    paid_out,
    refunded,
    reversed_fee,
    settled,
    sold,
    sold_twice,
)
from tests.world import hold_seats, make_trip

World = Callable[[], Any]


@dataclass(frozen=True)
class Accident:
    """In this world, one `statement` of the owner's breaks a check, which names the row that has all these `words`.

    `also`: what cannot hold either then.
    """

    world: World
    statement: str
    words: tuple[str, ...]
    also: tuple[str, ...] = field(default=())


def _account(code: str) -> str:
    """Its id, in the worlds of one currency."""
    return f"(SELECT id FROM ledger_account WHERE code = '{code}')"


NOTHING = "SELECT 1"
_LAST_FEE = "(SELECT max(id) FROM ledger_journalentry WHERE kind = 'fee')"

_OLDEST = """UPDATE ledger_checkpoint SET {column} = {other} WHERE id = (
  SELECT min(checkpoint.id) FROM ledger_checkpoint checkpoint JOIN ledger_account account
      ON account.id = checkpoint.account_id WHERE account.code = 'travellers:unearned')"""
# What a checkpoint carries, and something else that it could say.
_CARRIED = {"balance": "balance + 5", "debits": "debits + 5", "posted_to": "posted_to + interval '1 hour'"}

ACCIDENTS: dict[str, list[Accident]] = {
    "entries_balance": [
        Accident(
            sold,
            "UPDATE ledger_journalentry SET posting_count = 9 WHERE kind = 'fee'",
            ("entry", ":fee", "has 2 postings and says 9"),
        ),
        Accident(
            sold,
            f"UPDATE ledger_posting SET amount = amount + 1 WHERE entry_id = {_LAST_FEE} AND amount > 0",
            ("entry", ":fee", "sums to 1"),
            also=("trial_balance_zero",),
        ),
    ],
    "entries_dated": [
        Accident(
            sold,
            f"UPDATE ledger_journalentry SET posted_at = '2099-01-20T12:00Z' WHERE id = {_LAST_FEE}",
            ("entry", ":fee", "was written at 2099-01-20 12:00:00, which is still to come"),
        )
    ],
    "references_unique": [
        Accident(
            sold_twice,
            "UPDATE ledger_journalentry SET reference = 'the same' WHERE kind = 'fee'",
            ("reference the same", "is told by entries"),
        )
    ],
    "reversals_mirror": [
        Accident(
            reversed_fee,
            "UPDATE ledger_posting SET amount = sign(amount) * 8"
            " WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE kind = 'reversal')",
            ("fee:reversed", "differs from the entry"),
        )
    ],
    "accounts_on_chart": [
        Accident(
            sold,
            "UPDATE ledger_account SET kind = 'income' WHERE code = 'platform:gateway_fees'",
            ("account platform:gateway_fees SAR", "is of kind income, on the chart expense"),
        )
    ],
    "checkpoints_true": [
        Accident(
            counted_twice,
            _OLDEST.format(column=field.name, other=_CARRIED[field.name]),
            ("checkpoint", "travellers:unearned", "its postings come to"),
        )
        for field in Checkpoint._meta.concrete_fields
        if field.name in _CARRIED
    ],
    "balances_true": [
        Accident(
            counted_twice,
            "UPDATE ledger_checkpoint SET balance = balance + 5 WHERE id = (SELECT max(checkpoint.id)"
            " FROM ledger_checkpoint checkpoint JOIN ledger_account account ON account.id = checkpoint.account_id"
            " WHERE account.code = 'travellers:unearned')",
            ("account travellers:unearned SAR", "is read as"),
            also=("checkpoints_true",),
        )
    ],
    "trial_balance_zero": [
        Accident(
            sold,
            f"UPDATE ledger_posting SET amount = amount - 2 WHERE entry_id = {_LAST_FEE} AND amount < 0",
            ("ledger in SAR", "differ by -2"),
            also=("entries_balance",),
        )
    ],
    "periods_closed": [
        Accident(
            closed,
            f"UPDATE ledger_journalentry SET posted_at = '2027-01-20T12:00Z' WHERE id = {_LAST_FEE}",
            ("entry", ":fee", "was written after 2027-01 was closed"),
        )
    ],
    "histories_are_paths": [
        Accident(
            sold,
            "UPDATE core_statuschange SET from_status = 'refunded' WHERE subject_type = 'payments.payment'",
            ("payments.payment", "refunded → succeeded"),
        ),
        Accident(
            sold,
            "UPDATE bookings_trip SET status = 'departed'",
            ("bookings.trip", "is departed without any step"),
        ),
    ],
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
            f" WHERE account_id = {_account('operator:OPSAR:payable')}",
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
                  WHEN {_account("operator:OPSAR:payable")} THEN 2 ELSE -2 END
                 WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE reference LIKE '%:given_back:1')
                   AND account_id IN ({_account("operator:OPSAR:payable")}, {_account("platform:commission")})""",
            ("entry", ":given_back:1", "from operator:OPSAR:payable, by its share"),
        )
    ],
    "nothing_overdrawn": [
        Accident(
            left,
            f"""UPDATE ledger_posting SET amount = amount + CASE account_id
                  WHEN {_account("operator:OPSAR:payable")} THEN -1000 ELSE 1000 END
                 WHERE account_id IN ({_account("operator:OPSAR:payable")}, {_account("platform:commission")})""",
            ("booking", "is owed 304 by account platform:commission"),
            also=("commission_by_terms",),
        )
    ],
    "payments_are_posted": [
        Accident(
            sold,
            "UPDATE ledger_journalentry SET charge_id = 'ch_other' WHERE kind = 'charge'",
            ("payment", "has a charge of booking", "ch_other"),
        ),
        Accident(
            sold,
            "UPDATE ledger_journalentry SET reference = 'stripe:pi_other:charge' WHERE kind = 'charge'",
            ("entry", "stripe:pi_other:charge", "is a charge of no payment that succeeded"),
        ),
    ],
    "payment_states": [
        Accident(sold, "UPDATE payments_payment SET refunded_amount = 1", ("payment", "says that 1 went back"))
    ],
    "events_processed": [Accident(given_up, NOTHING, ("event evt_1 of stripe", "no such charge"))],
    "refunds_are_posted": [
        Accident(
            refunded,
            "UPDATE payments_refundattempt SET gateway_refund_id = 're_other'",
            ("refund", "is succeeded, and 0 of it has left in the books"),
        ),
        Accident(
            refunded,
            "UPDATE ledger_journalentry SET refund_id = 're_other' WHERE kind IN ('refund', 'partial_refund')",
            ("entry", ":re_1:refund", "is of no refund that is known"),
        ),
    ],
    "refunds_within_charges": [
        Accident(
            sold,
            "INSERT INTO payments_refund (payment_id, status, amount, currency, reason, note, requested_by, created_at,"
            " tries, last_error, paid_by_hand, accounted, explained_amount)"
            " SELECT id, 'requested', received_amount + 3, currency, 'goodwill', '', '', created_at,"
            " 0, '', false, true, 0 FROM payments_payment",
            ("payment", "received 21000, and 21003 go back"),
            also=("refunds_payable",),
        )
    ],
    "refunds_payable": [
        Accident(
            lambda: Refund.objects.create(payment=sold(), amount=500, currency="SAR", reason="goodwill"),
            NOTHING,
            ("booking", "is owed 500 by its refunds and 0 by the books"),
        )
    ],
    "suspense_explained": [
        Accident(
            paid_back_there,
            "UPDATE payments_refund SET explained_amount = 10",
            ("booking", "has 1000 in suspense, its refunds explain 990"),
        ),
        Accident(lambda: scene.make_line(fee=0), NOTHING, ("line txn_1 of stripe", "the balance of the gateway -4250")),
    ],
    "disputed_withheld": [
        Accident(
            disputed,
            "UPDATE payments_dispute SET held_amount = held_amount - 4",
            ("booking", "withheld in the books, its disputes hold"),
            also=("disputes_are_posted",),
        )
    ],
    "disputes_are_posted": [
        Accident(
            disputed,
            """UPDATE payments_dispute SET movements = jsonb_build_object('txn_other', -held_amount)""",
            ("dispute dp_1 of stripe", "by txn_other, the books 0"),
        )
    ],
    "in_transit": [
        Accident(paid_out, "UPDATE payments_payout SET amount = amount + 1", ("payout po_1 of stripe", "-4001")),
        Accident(
            paid_out,
            "DELETE FROM payments_balancetransaction",
            ("entry", "stripe:txn_po:line", "moves 4000 on its way in the books, 0"),
        ),
    ],
    "lines_are_posted": [
        Accident(
            paid_out, "UPDATE payments_balancetransaction SET fee = 3", ("line txn_po of stripe", "had a fee of 3")
        ),
        Accident(
            paid_out,
            "UPDATE payments_payout SET matched_at = made_at",
            ("payout po_1 of stripe", "counts as matched, its lines come to 0"),
        ),
    ],
    "settlement_lines_add_up": [
        Accident(
            settled,
            "UPDATE finance_settlement SET gross_amount = gross_amount + 1",
            ("settlement 1 of OPSAR for 2027-01", "its lines come to"),
        )
    ],
    "settlement_lines_are_postings": [
        Accident(
            settled,
            "UPDATE finance_settlement SET month = '2026-12-01'",
            ("line", "of settlement 1 of OPSAR for 2026-12", "takes 8000"),
        )
    ],
    "settlement_lines_tell_entries": [
        Accident(
            settled,
            "UPDATE finance_settlementline SET kind = 'refund'",
            ("line", "of settlement 1 of OPSAR for 2027-01", "tells of a refund", "its entry of a booking"),
        ),
        Accident(
            settled,
            "UPDATE finance_settlementline SET gross = gross + 1, tax = tax + 1",
            ("line", "of settlement 1 of OPSAR for 2027-01", "with commission"),
            also=("settlement_lines_add_up",),
        ),
    ],
    "operator_accounts": [
        Accident(
            settled,
            "UPDATE ledger_posting SET account_id = (SELECT id FROM ledger_account WHERE code = 'bank')"
            " WHERE entry_id = (SELECT id FROM ledger_journalentry WHERE reference = 'settlement:1:paid')",
            ("account operator:OPSAR:due SAR", "by settlements and what they have not taken 0"),
            also=("settlements_are_posted",),
        ),
        Accident(
            settled,
            "UPDATE finance_settlementline SET live = false",
            ("account operator:OPSAR:payable SAR", "owes 0"),
            also=("settlement_lines_are_postings",),
        ),
        Accident(
            sold,
            "INSERT INTO ledger_account (code, kind, currency) VALUES ('operator:NOBODY:due', 'liability', 'SAR')",
            ("account operator:NOBODY:due SAR", "is of no operator"),
        ),
    ],
    "settlements_are_posted": [
        Accident(
            settled,
            "UPDATE ledger_journalentry SET reference = 'settlement:9:paid' WHERE reference = 'settlement:1:paid'",
            ("entry", "settlement:9:paid", "not 0"),
        ),
        Accident(
            settled,
            "UPDATE ledger_posting SET account_id ="
            " (SELECT id FROM ledger_account WHERE code = 'platform:gateway_fees')"
            f" WHERE account_id = {_account('bank')}",
            ("settlement 1 of OPSAR for 2027-01", "moves 0 on bank by settlement:1:paid"),
        ),
        Accident(
            approved_in_error,
            "UPDATE finance_settlement SET approved_at = NULL",
            ("entry", "settlement:1:reopened", "not 0"),
        ),
    ],
    "two_people": [
        Accident(
            approved_in_error,
            "UPDATE finance_settlement SET approved_by = ''",
            ("settlement 1 of OPSAR for 2027-01", "was approved by  and paid by"),
        ),
        Accident(
            settled,
            "UPDATE finance_settlement SET paid_by = 'user:9'",
            ("settlement 1 of OPSAR for 2027-01", "user:1", "user:9", "user:2"),
        ),
    ],
}
