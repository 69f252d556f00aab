"""Facts out of Stripe's objects, as of API version 2026-10-28.endive: https://docs.stripe.com/api."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from core.money import Money
from payments.gateways.base import (
    BalanceLine,
    Declined,
    DisputeTold,
    Fact,
    Failed,
    Paid,
    PayoutTold,
    Processing,
    RefundTold,
    SessionEnded,
    Settled,
)
from payments.models import DisputeStatus

log = structlog.get_logger(__name__)

Json = Mapping[str, Any]

# Stripe counts these two in hundredths though they have no minor unit.
_TIMES_HUNDRED = frozenset({"ISK", "UGX"})


def to_stripe(money: Money) -> int:
    """An amount as Stripe counts it."""
    return money.amount * 100 if money.currency in _TIMES_HUNDRED else money.amount


def from_stripe(amount: int, currency: str) -> Money:
    """An amount as we count it."""
    currency = currency.upper()
    return Money(amount // 100 if currency in _TIMES_HUNDRED else amount, currency)


def session_facts(session: Json) -> tuple[Fact, ...]:
    """Of a session with its intent, charge and balance transaction expanded."""
    intent = session.get("payment_intent") or {}
    if session["status"] == "expired":
        return (SessionEnded(),)
    if session["status"] == "open":
        return (Declined(last_error(intent)),) if intent.get("last_payment_error") else ()
    if session["payment_status"] != "unpaid":
        return intent_facts(intent)
    # Vouchers and transfers wait in `requires_action` until the customer pays them.
    over = intent.get("status") in ("requires_payment_method", "canceled")
    return (Failed(last_error(intent)),) if over else (Processing(),)


def intent_facts(intent: Json) -> tuple[Fact, ...]:
    """Of an intent that succeeded; its charge may be expanded."""
    charge = intent["latest_charge"]
    charge_id = charge if isinstance(charge, str) else charge["id"]
    received = from_stripe(intent["amount_received"], intent["currency"])
    line = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    return (Paid(intent["id"], charge_id, received), *settled(line, received))


def charge_facts(charge: Json) -> tuple[Fact, ...]:
    """Of a charge with its balance transaction expanded; none if it did not succeed."""
    if charge["status"] != "succeeded" or not charge.get("payment_intent"):
        return ()
    received = from_stripe(charge["amount_captured"], charge["currency"])
    paid = Paid(charge["payment_intent"], charge["id"], received)
    return (paid, *settled(charge.get("balance_transaction"), received))


def refund_fact(refund: Json) -> RefundTold:
    """Of a refund with its balance transactions expanded."""
    amount = from_stripe(refund["amount"], refund["currency"])
    metadata = refund.get("metadata") or {}
    status = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(refund["status"], "pending")
    return RefundTold(
        refund_id=refund["id"],
        status=status,
        amount=amount,
        moved=refund.get("balance_transaction") is not None,
        returned=refund.get("failure_balance_transaction") is not None,
        error=str(refund.get("failure_reason") or refund["status"]) if status == "failed" else "",
        refund=_number(metadata.get("refund")),
        attempt=_number(metadata.get("attempt")),
        mark=str(metadata.get("mark") or ""),
        settled=(
            *settled(refund.get("balance_transaction"), -amount),
            *settled(refund.get("failure_balance_transaction"), amount),
        ),
    )


def dispute_fact(dispute: Json) -> DisputeTold:
    """Of a dispute; Stripe tells its balance transactions with it."""
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    lines = dispute.get("balance_transactions") or ()
    status = dispute["status"]
    if status not in DisputeStatus.values:
        log.warning("dispute_status_unknown", dispute=dispute["id"], status=status)
        status = DisputeStatus.UNDER_REVIEW.value
    return DisputeTold(
        dispute_id=dispute["id"],
        status=status,
        reason=str(dispute.get("reason") or ""),
        amount=from_stripe(dispute["amount"], dispute["currency"]),
        respond_by=_time(due_by) if due_by else None,
        settled=tuple(fact for one in lines for fact in settled(one, _moved(one, dispute))),
    )


def _moved(line: Json, dispute: Json) -> Money:
    """How much of a dispute a line moves, signed: perhaps a part of it. In another currency nobody can say which part,
    and each line is taken to move all of it.
    """
    if line["currency"] == dispute["currency"]:
        return from_stripe(line["amount"], line["currency"])
    amount = from_stripe(dispute["amount"], dispute["currency"])
    if not line["amount"]:
        return Money(0, amount.currency)
    return amount if line["amount"] > 0 else -amount


def payout_fact(payout: Json) -> PayoutTold:
    """Of a payout."""
    return PayoutTold(
        payout_id=payout["id"],
        status=payout["status"],
        amount=from_stripe(payout["amount"], payout["currency"]),
        arrives_at=_time(payout["arrival_date"]) if payout.get("arrival_date") else None,
        created_at=_time(payout["created"]),
    )


def settled(transaction: Any, of: Money) -> tuple[Settled, ...]:
    """An expanded balance transaction of a movement; nothing if there is none yet."""
    return (Settled(balance_line(transaction), of),) if isinstance(transaction, Mapping) else ()


def balance_line(transaction: Json) -> BalanceLine:
    """A balance transaction, its source expanded or not."""
    currency, source = transaction["currency"], transaction.get("source") or ""
    return BalanceLine(
        transaction_id=transaction["id"],
        type=transaction["type"],
        amount=from_stripe(transaction["amount"], currency),
        fee=from_stripe(transaction["fee"], currency),
        source_id=source if isinstance(source, str) else source["id"],
        at=_time(transaction["created"]),
    )


def last_error(intent: Json | None) -> str:
    """What the payer was told of the last try."""
    error = (intent or {}).get("last_payment_error") or {}
    return str(error.get("message") or "The payment failed.")


def our_id(thing: Json) -> UUID | None:
    """The payment that a thing was made for; None if it is not of our making."""
    try:
        return UUID((thing.get("metadata") or {})["payment_id"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 18 else None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
