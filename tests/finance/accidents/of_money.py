"""Accidents of payments, refunds and gateways' balances."""

from payments.models import Refund
from tests.admin import scene
from tests.finance.accidents.accident import NOTHING, Accident
from tests.finance.worlds import disputed, given_up, paid_back_there, paid_out, refunded, sold

ACCIDENTS: dict[str, list[Accident]] = {
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
}
