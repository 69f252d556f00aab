"""Refunds: money of a charge that goes back to the customer. https://docs.stripe.com/api/refunds

The balance pays at once. When a refund fails or is cancelled, be it weeks later, a second transaction puts the money
back; the fee of the charge stays with Stripe either way.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.clock import CLOCK, now
from sandbox.money import formatted, granularity
from sandbox.store import Json, field_is
from sandbox.stripe import balance, charges, disputes, events, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import NotPossibleError, StripeError, missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Choice, Hash, Integer, Metadata, Text
from sandbox.stripe.payment_methods import CARD
from sandbox.world import World

FAILURE_TIMER = "refund.fail"
FAILS_AFTER = 0.5  # seconds, when the mode says `failing`


def make(
    world: World,
    charge: Json,
    *,
    amount: int | None = None,
    reason: str | None = None,
    metadata: Mapping[str, str] | None = None,
    call: Call | None = None,
) -> Json:
    """Give back what is left of a charge, or an amount of it; what becomes of it the mode decides. Raises StripeError.

    Without a call it was made by hand in the dashboard.
    """
    refund = _new(charge, _refundable(world, charge, amount), reason, metadata or {})
    outcome = world.mode.refund_outcome
    if outcome != "succeeded":
        refund |= {"status": "pending", "pending_reason": "processing"}
    about = f" ({charge['description']})" if charge["description"] else ""
    movement = balance.settle(world, -refund["amount"], charge["currency"])
    booked = balance.book(world, "refund", movement, source=refund["id"], description=f"REFUND FOR CHARGE{about}")
    refund["balance_transaction"] = booked["id"]
    world.store.add("refund", refund)
    events.emit(world, "refund.created", refund, call=call)
    charges.give_back(world, charge, refund["amount"], call=call)
    if outcome == "succeeded":
        _change(world, refund, _traceable(refund))
    elif outcome == "failing":
        world.timers.set(FAILURE_TIMER, refund["id"], CLOCK.time() + FAILS_AFTER)
    return refund


def _refundable(world: World, charge: Json, amount: int | None) -> int:
    """How much of the charge shall go back. Raises StripeError if that cannot be had."""
    if charge["status"] != "succeeded":
        plain = f"This PaymentIntent ({charge['payment_intent']}) does not have a successful charge to refund."
        raise StripeError(plain)
    if disputes.has_money_of(world, charge["id"]):
        plain = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise StripeError(plain, code="charge_disputed")
    left: int = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is None:
        return left
    currency = charge["currency"]
    if amount > left:
        wanted, unrefunded = formatted(amount, currency), formatted(left, currency)
        plain = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({unrefunded})"
        raise StripeError(plain, param="amount")
    if amount % (step := granularity(currency)):
        plain = f"Invalid amount: amounts in {currency} must be a multiple of {step}, but you passed in {amount}."
        raise StripeError(plain, code="parameter_invalid_integer", param="amount")
    return amount


def _new(charge: Json, amount: int, reason: str | None, metadata: Mapping[str, str]) -> Json:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": _destination(charge["payment_method_details"]["type"]),
        "metadata": dict(metadata),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _destination(method: str) -> Json:
    untraced = {"reference": None, "reference_status": "pending"}
    if method == CARD:
        card = untraced | {"reference_type": "acquirer_reference_number", "type": "refund"}
        return {"type": CARD, CARD: card}
    return {"type": "us_bank_transfer", "us_bank_transfer": untraced}


def _traceable(refund: Json) -> Json:
    """What changes once the customer's bank has the money: the refund can be traced there."""
    destination = refund["destination_details"]
    kind = destination["type"]
    traced = destination[kind] | {"reference": new_id("trace"), "reference_status": "available"}
    return {"destination_details": destination | {kind: traced}}


def _change(world: World, refund: Json, changes: Json, *, call: Call | None = None) -> None:
    """The second event says the same as the first; it is the older of the two, and Stripe sends both."""
    previous = {name: refund.get(name) for name in changes}
    refund |= changes
    world.store.save(refund)
    for kind in ("refund.updated", "charge.refund.updated"):
        events.emit(world, kind, refund, previous=previous, call=call)


def settle(world: World, refund: Json, *, success: bool) -> None:
    """A pending refund succeeds or fails; one that had succeeded comes back from the customer's bank.

    Raises NotPossibleError.
    """
    if refund["status"] not in (("pending",) if success else ("pending", "succeeded")):
        raise NotPossibleError(f"The refund is {refund['status']}.")
    with world.store.transaction():
        world.timers.cancel(FAILURE_TIMER, refund["id"])
        if success:
            _change(world, refund, {"status": "succeeded", "pending_reason": None} | _traceable(refund))
        else:
            _return(world, refund, "failed", "expired_or_canceled_card")


def fail(world: World, identifier: str) -> None:
    """The end that the mode `failing` gave a refund."""
    refund = world.store.get("refund", identifier)
    assert refund is not None, "a timer goes with its refund"
    settle(world, refund, success=False)


def _return(world: World, refund: Json, status: str, reason: str, *, call: Call | None = None) -> None:
    """The customer does not get the money; it is the account's again."""
    booked = world.store.get("balance_transaction", refund["balance_transaction"])
    assert booked is not None, "a refund is booked when it is made"
    undone = balance.book(
        world,
        "refund_failure",
        balance.movement_of(booked).undone,
        source=refund["id"],
        description=f"REFUND FAILURE ({refund['charge']})",
    )
    charges.take_back(world, refund["charge"], refund["amount"])
    changes = {"status": status, "failure_reason": reason, "failure_balance_transaction": undone["id"]}
    if refund["status"] == "pending":
        changes["pending_reason"] = None
    if status == "failed":
        events.emit(world, "refund.failed", refund | changes)
    _change(world, refund, changes, call=call)


def create(world: World, call: Call) -> Json:
    params = call.params
    return make(
        world,
        _charge(world, params),
        amount=params.get("amount"),
        reason=params.get("reason"),
        metadata=params.get("metadata"),
        call=call,
    )


def _charge(world: World, params: Mapping[str, Any]) -> Json:
    """The charge that the parameters name, or that paid the intent that they name."""
    identifier = params.get("charge")
    if "payment_intent" in params:
        intent = world.store.get("payment_intent", params["payment_intent"])
        if intent is None:
            raise missing("payment_intent", params["payment_intent"], param="payment_intent", status=400)
        if intent["latest_charge"] is None:
            plain = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise StripeError(plain)
        if identifier not in (None, intent["latest_charge"]):
            raise StripeError(f"Charge {identifier} does not belong to PaymentIntent {intent['id']}.", param="charge")
        identifier = intent["latest_charge"]
    assert identifier is not None, "the operation checks that one of the two is given"
    charge = world.store.get("charge", identifier)
    if charge is None:
        raise missing("charge", identifier, param="charge", status=400)
    return charge


def _check(params: Mapping[str, Any]) -> None:
    if "charge" not in params and "payment_intent" not in params:
        plain = "One of the following params should be provided for this request: payment_intent or charge."
        raise StripeError(plain, code="parameter_missing")


def retrieve(world: World, call: Call) -> Json:
    refund = world.store.get("refund", call.path["refund"])
    if refund is None:
        raise missing("refund", call.path["refund"], param="id")
    return refund


def update(world: World, call: Call) -> Json:
    refund = retrieve(world, call)
    if "metadata" in call.params:
        metadata = Metadata.changed(refund["metadata"], call.params["metadata"])
        _change(world, refund, {"metadata": metadata}, call=call)
    return refund


def cancel(world: World, call: Call) -> Json:
    refund = retrieve(world, call)
    if refund["status"] != "pending":
        raise StripeError(f"This refund cannot be canceled: it has a status of `{refund['status']}`.")
    world.timers.cancel(FAILURE_TIMER, refund["id"])
    _return(world, refund, "canceled", "merchant_request", call=call)
    return refund


def list_all(world: World, call: Call) -> Json:
    return lists.page(
        world.store,
        "refund",
        call.params,
        url="/v1/refunds",
        noun="refund",
        conditions=[field_is(name, call.params[name]) for name in ("charge", "payment_intent") if name in call.params],
    )


_BEYOND_US = "currency customer instructions_email origin refund_application_fee reverse_transfer"
OPERATIONS = (
    Operation(
        "POST",
        "/v1/refunds",
        "refund",
        create,
        Hash(
            {
                "amount": Integer(1),
                "charge": Text(),
                "metadata": Metadata(),
                "payment_intent": Text(),
                "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
            },
            unsupported=frozenset(_BEYOND_US.split()),
        ),
        check=_check,
    ),
    Operation("GET", "/v1/refunds/{refund}", "refund", retrieve),
    Operation("POST", "/v1/refunds/{refund}", "refund", update, Hash({"metadata": Metadata(changes=True)})),
    Operation("POST", "/v1/refunds/{refund}/cancel", "refund", cancel),
    Operation(
        "GET",
        "/v1/refunds",
        "refund",
        list_all,
        Hash({**lists.PARAMETERS, "charge": Text(), "payment_intent": Text()}),
        many=True,
    ),
)
