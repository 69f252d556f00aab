"""Accidents of the ledger, and histories of rows."""

from ledger.models import Checkpoint
from tests.finance.accidents.accident import LAST_FEE, Accident
from tests.finance.worlds import closed, counted_twice, reversed_fee, sold, sold_twice

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
            f"UPDATE ledger_posting SET amount = amount + 1 WHERE entry_id = {LAST_FEE} AND amount > 0",
            ("entry", ":fee", "sums to 1"),
            also=("trial_balance_zero",),
        ),
    ],
    "entries_dated": [
        Accident(
            sold,
            f"UPDATE ledger_journalentry SET posted_at = '2099-01-20T12:00Z' WHERE id = {LAST_FEE}",
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
            f"UPDATE ledger_posting SET amount = amount - 2 WHERE entry_id = {LAST_FEE} AND amount < 0",
            ("ledger in SAR", "differ by -2"),
            also=("entries_balance",),
        )
    ],
    "periods_closed": [
        Accident(
            closed,
            f"UPDATE ledger_journalentry SET posted_at = '2027-01-20T12:00Z' WHERE id = {LAST_FEE}",
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
}
