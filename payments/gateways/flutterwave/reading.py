"""Facts out of Flutterwave's objects: https://developer.flutterwave.com/v3.0/docs/transaction-verification

A try to pay is a transaction; all tries on the page of one payment share its reference. The id of a transaction is, to
us, both the intent's and the charge's.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import structlog

from core.money import Money, minor_digits
from payments.gateways.base import BalanceLine, Declined, Fact, Failed, Paid, Processing, RefundTold, Settled

log = structlog.get_logger(__name__)

Json = Mapping[str, Any]

# With these the payer learns at once what came of a try. A card that is `pending` is one that somebody is still typing,
# or gave up typing; with anything else the payer has done their part, and waits like us.
_AT_ONCE = frozenset({"card", "applepay", "googlepay"})

# https://developer.flutterwave.com/v3.0/docs/refunds: `completed` alone means that a refund was accepted, and is not
# paid yet. What is not listed is taken for under way: neither paid nor lost.
_REFUND_PAID = frozenset(
    ("completed-bank-transfer", "completed-momo", "completed-mpgs", "completed-offline", "completed-preauth")
)
_REFUND_UNDER_WAY = frozenset(("completed", "processing", "pending", "pending-momo"))
_LONGEST_ID = 18  # digits
# What we write beside a refund, to know it again: Flutterwave takes no name of ours for it.
_MARK = re.compile(r"berth-refund-(\d{1,17})-(\d{1,5})(-\d{20})?")


def to_flutterwave(money: Money) -> str:
    """An amount as Flutterwave takes it: major units."""
    return f"{money.major:f}"


def from_flutterwave(amount: Any, currency: str) -> Money:
    """An amount as we count it. Raises TypeError, ValueError or ArithmeticError if it is none of whole minor units."""
    if isinstance(amount, bool | float):
        raise TypeError(f"{amount!r} is no exact amount.")
    return Money.from_major(Decimal(amount), currency)


def number(value: Any) -> str:
    """An id: a number in most answers, a text in lists. Raises ValueError."""
    text = str(value)
    if not isinstance(value, int | str) or not text.isdecimal() or len(text) > _LONGEST_ID:
        raise ValueError(f"{text[:40]!r} is no id.")
    return str(int(text))


def transaction_id(transaction: Json) -> str:
    """The id of a transaction."""
    return number(transaction["id"])


def paid(transaction: Json) -> Paid:
    """Of a transaction that succeeded."""
    identifier = transaction_id(transaction)
    return Paid(identifier, identifier, from_flutterwave(transaction["amount"], transaction["currency"]))


def paid_facts(transaction: Json) -> tuple[Fact, ...]:
    """That it was paid, and how it reached the balance if it has; none if it did not succeed."""
    if transaction["status"] != "successful":
        return ()
    fact = paid(transaction)
    if transaction.get("amount_settled") is None:
        return (fact,)
    try:
        reached = _nearest(transaction["amount_settled"], transaction["currency"])
        at = datetime.fromisoformat(transaction["created_at"])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        reached = None
    if not reached or reached.amount < 0:
        log.warning("fee_not_understood", transaction=fact.charge_id)  # the money is there all the same
        return (fact,)
    # More than `app_fee` may be missing, such as stamp duty; what the payer bears is not.
    fee = fact.received - reached
    return (fact, Settled(BalanceLine(fact.charge_id, "charge", fact.received, fee, fact.charge_id, at), fact.received))


def _nearest(amount: Any, currency: str) -> Money:
    """An amount after fees, which are percentages and fit no whole minor units: the nearest of these."""
    if isinstance(amount, bool | float):
        raise TypeError(f"{amount!r} is no exact amount.")
    scaled = Decimal(amount).scaleb(minor_digits(currency))
    return Money(int(scaled.to_integral_value(ROUND_HALF_UP)), currency)


def unpaid_facts(tries: Sequence[Json], asked_at: datetime) -> tuple[Fact, ...]:
    """Of all tries of one reference, in any order: none if one succeeded; one under way outweighs one that failed."""
    if any(one["status"] == "successful" for one in tries):
        return ()
    slow = {one["status"] for one in tries if one["payment_type"] not in _AT_ONCE}
    if "pending" in slow:
        return (Processing(again=True, as_of=asked_at),)
    if "failed" in slow:
        # Whether or not we had heard that it was under way: the payment is over, and another can be started.
        return (Failed("The payment did not arrive.", as_of=asked_at),)
    return (Declined("The payment was declined."),) if any(one["status"] == "failed" for one in tries) else ()


def refund_fact(refund: Json, currency: str) -> RefundTold:
    """Of a refund, however it was told. Its amount is off the balance once it is accepted, and back if it fails."""
    status, meta = refund["status"], _meta(refund)
    error = ""
    if meta.get("disburse_status") == "failed" or status == "failed":
        status, error = "failed", "Flutterwave could not pay it out."
    elif status in _REFUND_PAID:
        status = "succeeded"
    else:
        if status not in _REFUND_UNDER_WAY:
            log.warning("refund_status_unknown", refund=refund["id"], status=status)
        status = "pending"
    named = _MARK.search(str(refund.get("comments") or ""))
    return RefundTold(
        refund_id=number(refund["id"]),
        status=status,
        amount=from_flutterwave(_either(refund, "amount_refunded", "AmountRefunded"), currency),
        moved=True,
        returned=status == "failed",
        error=error,
        refund=int(named[1]) if named else None,
        attempt=int(named[2]) if named else None,
        mark=named[0] if named and named[3] else "",
        is_nameless="comments" not in refund,
    )


def refunded_transaction(refund: Json) -> str:
    """The id of the transaction that a refund is of."""
    return number(_either(refund, "tx_id", "transaction_id", "TransactionId"))


def our_id(reference: Any) -> UUID | None:
    """The payment that a reference names; None if it is not of our making."""
    try:
        return UUID(reference)
    except (ValueError, TypeError, AttributeError):
        return None


def _either(thing: Json, *names: str) -> Any:
    """Flutterwave has several spellings. Raises KeyError if there is none of them."""
    for name in names:
        if thing.get(name) is not None:
            return thing[name]
    raise KeyError(names[0])


def _meta(refund: Json) -> Json:
    """An object when the refund is made, and its text later."""
    meta = refund.get("meta")
    if isinstance(meta, str):
        try:
            meta = json.loads(meta)
        except ValueError:
            meta = None
    return meta if isinstance(meta, dict) else {}
