"""Disputes: a customer asks their bank for the money back. https://docs.stripe.com/api/disputes

A chargeback takes the money and a fee from the balance until it is won. An inquiry (`warning_…`) asks first and moves
no money; it ends there or becomes a chargeback.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.clock import now
from sandbox.money import unit
from sandbox.store import Json, field_is, public
from sandbox.stripe import balance, events, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import NotPossibleError, StripeError, missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Boolean, Hash, Metadata, Text
from sandbox.stripe.payment_methods import CARD
from sandbox.world import World

FEE = 15  # whole units of the currency in which the money is withdrawn
TIME_TO_RESPOND = 7 * 24 * 3600  # seconds

MOVES: Mapping[str, tuple[str, ...]] = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response", "prevented"),
    "warning_under_review": ("warning_closed", "needs_response", "prevented"),
    "needs_response": ("under_review", "won", "lost"),
    "under_review": ("won", "lost"),
    "warning_closed": (),
    "prevented": (),
    "won": (),
    "lost": (),
}
ON_EVIDENCE = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}

# Stripe's reasons, with Visa's code where it has one: https://docs.stripe.com/disputes/categories
REASONS: Mapping[str, str | None] = {
    "credit_not_processed": "13.7",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "general": None,
    "noncompliant": None,
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
    "unrecognized": None,
}
_EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal"
    " customer_communication customer_email_address customer_name customer_purchase_ip customer_signature"
    " duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt"
    " refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation"
    " shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number"
    " uncategorized_file uncategorized_text"
)
EVIDENCE = tuple(_EVIDENCE.split())


def open_one(world: World, charge: Json, *, amount: int | None, reason: str, inquiry: bool) -> Json:
    """The customer disputes a card payment: what was not refunded of it, or this much.

    Raises NotPossibleError.
    """
    if charge["status"] != "succeeded" or charge["payment_method_details"]["type"] != CARD:
        raise NotPossibleError("Only a card payment that succeeded can be disputed.")
    if any(MOVES[dispute["status"]] for dispute in _of_charge(world, charge["id"])):
        raise NotPossibleError("The charge has a dispute that is still open.")
    amount = charge["amount"] - charge["amount_refunded"] if amount is None else amount
    if not 0 < amount <= charge["amount"]:
        raise NotPossibleError(f"{amount} of {charge['amount']} cannot be disputed.")
    dispute = _new(charge, amount, reason, inquiry=inquiry)
    with world.store.transaction():
        world.store.add("dispute", dispute)
        world.store.save(charge | {"disputed": True})
        if inquiry:
            events.emit(world, "charge.dispute.created", dispute)
        else:
            _withdraw(world, dispute)
            events.emit(world, "charge.dispute.created", dispute)
            events.emit(world, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def _new(charge: Json, amount: int, reason: str, *, inquiry: bool) -> Json:
    created = now()
    details = charge["payment_method_details"][CARD]
    card = {
        "brand": details["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": details["network"],
        "network_reason_code": REASONS[reason],
    }
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": created + TIME_TO_RESPOND,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"type": CARD, CARD: card},
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def move(world: World, dispute: Json, status: str) -> None:
    """The bank, or time, takes a dispute on to another status, and the money with it. Raises NotPossibleError."""
    if status not in MOVES[dispute["status"]]:
        raise NotPossibleError(f"The dispute is {dispute['status']}; it cannot become {status}.")
    with world.store.transaction():
        previous = {"status": dispute["status"]}
        dispute["status"] = status
        if status == "needs_response":
            dispute["payment_method_details"][CARD]["case_type"] = "chargeback"
            _withdraw(world, dispute)
        world.store.save(dispute)
        if MOVES[status]:
            events.emit(world, "charge.dispute.updated", dispute, previous=previous)
        else:
            events.emit(world, "charge.dispute.closed", dispute)
        if status == "needs_response":
            events.emit(world, "charge.dispute.funds_withdrawn", dispute)
        elif status == "won":
            _reinstate(world, dispute)
            events.emit(world, "charge.dispute.funds_reinstated", dispute)


def reinstate(world: World, dispute: Json) -> None:
    """The money of a lost dispute comes back all the same; it stays lost. Raises NotPossibleError."""
    if dispute["status"] != "lost" or len(dispute["balance_transactions"]) != 1:
        raise NotPossibleError(f"The dispute is {dispute['status']}; nothing of it is left to come back.")
    with world.store.transaction():
        _reinstate(world, dispute)
        events.emit(world, "charge.dispute.funds_reinstated", dispute)


def _withdraw(world: World, dispute: Json) -> None:
    movement = balance.settle(world, -dispute["amount"], dispute["currency"])
    fee = FEE * unit(movement.currency)
    _book(world, dispute, movement, "withdrawal", fee=fee, category="dispute")


def _reinstate(world: World, dispute: Json) -> None:
    withdrawn = dispute["balance_transactions"][0]
    fee = -withdrawn["fee"] if world.mode.dispute_fee_returned else 0
    movement = balance.movement_of(withdrawn).undone
    _book(world, dispute, movement, "reversal", fee=fee, category="dispute_reversal")


def _book(world: World, dispute: Json, movement: balance.Movement, what: str, *, fee: int, category: str) -> None:
    """One of the two transactions that a dispute shows whole."""
    booked = balance.book(
        world,
        "adjustment",
        movement,
        source=dispute["id"],
        description=f"Chargeback {what} for {dispute['charge']}",
        fee=fee,
        fee_name="Dispute fee",
        category=category,
    )
    dispute["balance_transactions"].append(public(booked))
    dispute["is_charge_refundable"] = movement.amount > 0
    world.store.save(dispute)


def has_money_of(world: World, charge: str) -> bool:
    """Whether the money of a charge, or a part of it, has been taken back through the customer's bank."""
    return any(not dispute["is_charge_refundable"] for dispute in _of_charge(world, charge))


def _of_charge(world: World, charge: str) -> list[Json]:
    return world.store.select("dispute", [field_is("charge", charge)])


def retrieve(world: World, call: Call) -> Json:
    dispute = world.store.get("dispute", call.path["dispute"])
    if dispute is None:
        raise missing("dispute", call.path["dispute"], param="dispute")
    return dispute


def update(world: World, call: Call) -> Json:
    """Evidence is handed in at once, unless `submit` is false: then it is kept for a later call."""
    dispute, params = retrieve(world, call), call.params
    previous: Json = {}
    if "metadata" in params:
        previous["metadata"] = dispute["metadata"]
        dispute["metadata"] = Metadata.changed(dispute["metadata"], params["metadata"])
    if "evidence" in params or params.get("submit"):
        _respond(dispute, params, previous)
    if previous:
        world.store.save(dispute)
        events.emit(world, "charge.dispute.updated", dispute, previous=previous, call=call)
    return dispute


def _respond(dispute: Json, params: Mapping[str, Any], previous: Json) -> None:
    if dispute["status"] not in ON_EVIDENCE:
        raise StripeError(f"This dispute takes no evidence: it has a status of `{dispute['status']}`.")
    names = ("evidence", "evidence_details", "status")
    previous |= {name: dispute[name] for name in names}
    dispute["evidence"] = dispute["evidence"] | params.get("evidence", {})
    details = dispute["evidence_details"] | {"has_evidence": any(dispute["evidence"].values())}
    if params.get("submit", True):
        details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
        dispute["status"] = ON_EVIDENCE[dispute["status"]]
    dispute["evidence_details"] = details


def list_all(world: World, call: Call) -> Json:
    return lists.page(
        world.store,
        "dispute",
        call.params,
        url="/v1/disputes",
        noun="dispute",
        conditions=[field_is(name, call.params[name]) for name in ("charge", "payment_intent") if name in call.params],
    )


OPERATIONS = (
    Operation("GET", "/v1/disputes/{dispute}", "dispute", retrieve),
    Operation(
        "POST",
        "/v1/disputes/{dispute}",
        "dispute",
        update,
        Hash(
            {
                "evidence": Hash(
                    dict.fromkeys(EVIDENCE, Text(20_000)), unsupported=frozenset({"appeal", "enhanced_evidence"})
                ),
                "metadata": Metadata(changes=True),
                "submit": Boolean(),
            },
            unsupported=frozenset({"intended_submission_method"}),
        ),
    ),
    Operation(
        "GET",
        "/v1/disputes",
        "dispute",
        list_all,
        Hash({**lists.PARAMETERS, "charge": Text(), "payment_intent": Text()}),
        many=True,
    ),
)
