"""Accidents of settlements."""

from tests.finance.accidents.accident import Accident, account
from tests.finance.worlds import approved_in_error, settled, sold

ACCIDENTS: dict[str, list[Accident]] = {
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
            f" WHERE account_id = {account('bank')}",
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
