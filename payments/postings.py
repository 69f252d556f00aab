"""The ledger entries of payments. Each is named by the gateway's own id, so it can be posted only once.

Amounts are minor units; which accounts stand for what is in docs/architecture.md.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, Sum

from bookings.models import Booking
from bookings.postings import OF_BOOKING, UNEARNED, earned, of_commission
from core.money import Money, allocate
from ledger.actions.post import Line, credit, debit, post
from ledger.models import JournalEntry, Posting
from ledger.queries import debits, left_of_booking
from payments.gateways.base import BalanceLine, Paid, PayoutTold, RefundTold, Settled
from payments.models import Dispute, Payment, Refund
from payments.queries import paying

FEES = "platform:gateway_fees"
DISPUTE_FEES = "platform:dispute_fees"


def charge(payment: Payment, fact: Paid, *, back: Money) -> None:
    """The gateway has money for us: what is kept is owed to the traveller's trip, `back` is owed to the payer."""
    received = fact.received
    kept: list[Line] = []
    if back.amount < received.amount:
        kept = [
            credit("travellers:unearned", payment.fare_amount),
            credit("tax:payable", payment.tax_amount),
            credit("platform:booking_fees", payment.fee_amount),
        ]
    post(
        kind="charge",
        reference=f"{payment.gateway}:{fact.intent_id}:charge",
        currency=received.currency,
        lines=[
            debit(_clearing(payment.gateway), received.amount),
            *kept,
            credit("refunds:payable", back.amount),
        ],
        charge_id=fact.charge_id,
        **_about(payment, intent_id=fact.intent_id),
    )


def settled(payment: Payment, fact: Settled, *, fees: str = FEES) -> None:
    """A movement has reached the gateway's balance: its fee, and its way into the currency that is settled in."""
    line, of = fact.line, fact.of
    _fee(payment.gateway, line, fees, _about(payment))
    if line.amount.currency != of.currency:
        for money, sign in ((of, -1), (line.amount, 1)):
            if not money:  # so little that nothing is left of it in the other currency
                continue
            post(
                kind="conversion",
                reference=f"{payment.gateway}:{line.transaction_id}:conversion:{money.currency}",
                currency=money.currency,
                lines=_move(_clearing(payment.gateway), f"fx:{money.currency}", sign * money.amount),
                **_about(payment),
            )


def refund(payment: Payment, refund: Refund, fact: RefundTold) -> None:
    """The refund has left the gateway's balance. What it was for, only the books of our own refunds know."""
    post(
        kind="refund" if fact.amount.amount >= payment.received_amount else "partial_refund",
        reference=f"{payment.gateway}:{fact.refund_id}:refund",
        currency=fact.amount.currency,
        lines=_move(_owed(refund), _clearing(payment.gateway), fact.amount.amount),
        refund_id=fact.refund_id,
        **_about(payment),
    )


def bounce(payment: Payment, refund: Refund, fact: RefundTold) -> None:
    """A refund came back to the gateway's balance: it is owed again."""
    post(
        kind="refund_bounce",
        reference=f"{payment.gateway}:{fact.refund_id}:bounce",
        currency=fact.amount.currency,
        lines=_move(_clearing(payment.gateway), _owed(refund), fact.amount.amount),
        refund_id=fact.refund_id,
        **_about(payment),
    )


def paid_by_hand(payment: Payment, refund: Refund) -> None:
    """Finance transferred a refund from the bank."""
    post(
        kind="refund",
        reference=f"refund:{refund.pk}:by_hand",
        currency=refund.currency,
        lines=_move("refunds:payable", "bank", refund.amount),
        **_about(payment),
    )


def goodwill(payment: Payment, refund: Refund) -> None:
    """We pay money back that nobody owes, out of our own pocket; one made at the gateway is explained by it."""
    post(
        kind="goodwill",
        reference=f"refund:{refund.pk}:goodwill",
        currency=refund.currency,
        lines=_move("platform:goodwill", _owed(refund), refund.amount - refund.explained_amount),
        memo=refund.note,
        **_about(payment),
    )


def replaced(payment: Payment, refund: Refund, *, by_gateway: int, by_bank: int) -> None:
    """So much of a refund that failed is owed no more: the payer has it by the gateway's own hand, or a bank's."""
    post(
        kind="adjustment",
        reference=f"refund:{refund.pk}:replaced",
        currency=refund.currency,
        lines=[
            debit("refunds:payable", by_gateway + by_bank),
            credit("suspense", by_gateway),
            *_put_back(_lines_of(payment), payment, by_bank),
        ],
        **_about(payment),
    )
    _earn_what_came_back(payment.booking)


def owed_again(payment: Payment, refund: Refund, owed: int, *, courtesy: int) -> None:
    """A refund made at the gateway came back: so much of it is owed again, and so much was no courtesy."""
    post(
        kind="adjustment",
        reference=f"refund:{refund.pk}:owed_again",
        currency=refund.currency,
        lines=[
            debit("suspense", owed + courtesy),
            credit("refunds:payable", owed),
            credit("platform:goodwill", courtesy),
        ],
        **_about(payment),
    )


def dispute_moved(payment: Payment, fact: Settled) -> None:
    """The gateway withheld disputed money, or gave it back; with its fee, which may come in a line of its own."""
    if withheld := -fact.of.amount:
        post(
            kind="dispute" if withheld > 0 else "dispute_reversal",
            reference=f"{payment.gateway}:{fact.line.transaction_id}:dispute",
            currency=fact.of.currency,
            lines=_move(f"gateway:{payment.gateway}:disputed", _clearing(payment.gateway), withheld),
            charge_id=payment.charge_id,
            **_about(payment),
        )
    settled(payment, fact, fees=DISPUTE_FEES)


LOSSES = "platform:chargeback_losses"


def dispute_lost(payment: Payment, dispute: Dispute) -> None:
    """What the gateway moved for a lost dispute is final: every line of it that is not written off yet.

    What was withheld is taken from what the books still hold for the booking, beyond that it is our loss. What comes
    back in spite of the loss is owed again if seats were given up for it; the rest goes the same way back, our losses
    first. Again after more has moved: the rest.
    """
    for line_id in not_written_off(payment, dispute):
        withheld = -dispute.movements[line_id]
        post(
            kind="dispute" if withheld > 0 else "dispute_reversal",
            reference=_written_off(payment, line_id),
            currency=dispute.currency,
            lines=[
                *(_lost(payment, dispute, withheld) if withheld > 0 else _recovered(payment, dispute, -withheld)),
                Line(f"gateway:{payment.gateway}:disputed", -withheld),
            ],
            charge_id=payment.charge_id,
            **_about(payment),
        )
    _earn_what_came_back(payment.booking)


def not_written_off(payment: Payment, dispute: Dispute) -> list[str]:
    """The lines of a lost dispute that the books do not know the end of, what was withheld first."""
    lines = sorted(dispute.movements, key=lambda line_id: (dispute.movements[line_id], line_id))
    references = [_written_off(payment, line_id) for line_id in lines]
    known = set(JournalEntry.objects.filter(reference__in=references).values_list("reference", flat=True))
    return [line_id for line_id in lines if _written_off(payment, line_id) not in known]


def _lost(payment: Payment, dispute: Dispute, amount: int) -> list[Line]:
    """From what the books hold for the booking; beyond that it is our loss.

    First from what is not earned. After departure all is, and goes in proportion, if the operator bears it.
    """
    # What was paid twice, say, is none of the booking's money: who paid it is owed it, or has it back.
    booking = payment.booking
    is_of_booking = payment in paying(booking)
    left = left_of_booking(booking.reference, dispute.currency) if is_of_booking else {}
    lines: list[Line] = []
    for accounts in _liable(booking):
        held = [max(0, left.get(code, 0)) for code in accounts]
        taken = min(amount, sum(held))
        parts = zip(accounts, allocate(taken, held), strict=True)
        lines += [debit(code, part) for code, part in parts]
        amount -= taken
    return [*lines, debit(LOSSES, amount)]


def _liable(booking: Booking) -> list[tuple[str, ...]]:
    """The accounts that a bank's decision against us is taken from, these before those."""
    if not booking.operator_bears_disputes:
        return [(UNEARNED,)] if booking.is_over else [OF_BOOKING]
    if booking.is_over:
        return [_all_accounts(booking)]
    return [OF_BOOKING, of_commission(booking)]


def _all_accounts(booking: Booking) -> tuple[str, ...]:
    return (*OF_BOOKING, *of_commission(booking))


def _earn_what_came_back(booking: Booking) -> None:
    # After departure nothing stays unearned.
    if booking.is_over:
        earned(booking)


def _recovered(payment: Payment, dispute: Dispute, amount: int) -> list[Line]:
    owed = min(amount, dispute.owed_again)
    # Seats that were given up before the loss had left something of their price, and that was all there was to take:
    # no later cancellation has counted on it.
    whole = not dispute.explained_amount and not dispute.absorbed_amount
    return [credit("refunds:payable", owed), *_put_back(dispute.movements, payment, amount - owed, whole=whole)]


def _lines_of(payment: Payment) -> list[str]:
    return [line_id for dispute in payment.disputes.all() for line_id in dispute.movements]


def _put_back(line_ids: Iterable[str], payment: Payment, amount: int, *, whole: bool = False) -> list[Line]:
    """Back to where the losses of these lines were taken from, ours first; once nobody travels, ours is what was held
    for the journey, too, unless it is `whole`: none of it was for seats that were given up after.
    """
    written_off = debits([_written_off(payment, line_id) for line_id in line_ids])
    ours = _losses(payment)
    is_held = whole or payment.booking.live_passengers()
    accounts = _all_accounts(payment.booking) if is_held else of_commission(payment.booking)
    taken = [max(0, written_off.get(code, 0)) for code in accounts]
    given = min(max(0, amount - max(0, ours)), sum(taken))
    parts = zip(accounts, allocate(given, taken), strict=True)
    return [*(credit(code, part) for code, part in parts), credit(LOSSES, amount - given)]


def _losses(payment: Payment) -> int:
    """Minor units that we lost of a payment and did not get back; what a cancellation lost is of the booking's own."""
    entries = Q(entry__payment_intent_id=payment.intent_id)
    if payment in paying(payment.booking):
        entries |= Q(entry__payment_intent_id=None)
    of_booking = Posting.objects.filter(
        entries, entry__booking_reference=payment.booking.reference, entry__currency=payment.currency
    )
    lost: int | None = of_booking.filter(account__code=LOSSES).aggregate(sum=Sum("amount"))["sum"]
    return lost or 0


def _written_off(payment: Payment, line_id: str) -> str:
    return f"{payment.gateway}:{line_id}:lost"


def unexplained(gateway: str, line: BalanceLine) -> None:
    """A line of the balance that we know no reason for."""
    _account_line(gateway, line, "suspense", "suspense")


def gateway_fee(gateway: str, line: BalanceLine) -> None:
    """A fee that the gateway took from the balance by itself, for no charge in particular."""
    _account_line(gateway, line, "fee", FEES)


def payout_sent(gateway: str, line: BalanceLine) -> None:
    """A payout left the gateway's balance, or came back to it."""
    _account_line(gateway, line, "payout", f"gateway:{gateway}:in_transit")


def payout_arrived(gateway: str, payout: PayoutTold, *, back: bool = False) -> None:
    """A payout reached our bank; `back`: and left it again."""
    arrived, money = "returned" if back else "paid", payout.amount
    post(
        kind="payout",
        reference=f"{gateway}:{payout.payout_id}:{arrived}",
        currency=money.currency,
        lines=_move("bank", f"gateway:{gateway}:in_transit", -money.amount if back else money.amount),
        gateway=gateway,
    )


def _account_line(gateway: str, line: BalanceLine, kind: str, against: str) -> None:
    if line.amount:
        post(
            kind=kind,
            reference=f"{gateway}:{line.transaction_id}:line",
            currency=line.amount.currency,
            lines=_move(_clearing(gateway), against, line.amount.amount),
            gateway=gateway,
            effective_at=line.at,
            memo=f"{line.type} {line.source_id}".strip()[:300],
        )
    _fee(gateway, line, FEES, {"gateway": gateway})


def _fee(gateway: str, line: BalanceLine, fees: str, about: Mapping[str, Any]) -> None:
    if line.fee:
        post(
            kind="fee",
            reference=f"{gateway}:{line.transaction_id}:fee",
            currency=line.fee.currency,
            lines=_move(fees, _clearing(gateway), line.fee.amount),
            effective_at=line.at,
            **about,
        )


def _move(to: str, source: str, amount: int) -> list[Line]:
    """Debit one account and credit another; the other way round for a negative amount."""
    return [debit(to, amount), credit(source, amount)] if amount > 0 else [debit(source, -amount), credit(to, -amount)]


def _clearing(gateway: str) -> str:
    return f"gateway:{gateway}:clearing"


def _owed(refund: Refund) -> str:
    return "suspense" if refund.reason == "gateway" else "refunds:payable"


def _about(payment: Payment, *, intent_id: str | None = None) -> dict[str, Any]:
    return {
        "booking_reference": payment.booking.reference,
        "gateway": payment.gateway,
        "payment_intent_id": intent_id or payment.intent_id,
    }
