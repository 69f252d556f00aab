"""Charges: one for each try to take the money. https://docs.stripe.com/api/charges"""

from sandbox.clock import CLOCK, now
from sandbox.store import Json, field_is
from sandbox.stripe import balance, events, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Hash, Text
from sandbox.stripe.payment_methods import Failure, details
from sandbox.world import World

BALANCE_TIMER = "charge.balance"

NO_ADVICE = dict.fromkeys(("advice_code", "network_advice_code", "network_decline_code"))
APPROVED = NO_ADVICE | {
    "network_status": "approved_by_network",
    "reason": None,
    "seller_message": "Payment complete.",
    "type": "authorized",
}
REFUSED = NO_ADVICE | {
    "network_status": "declined_by_network",
    "seller_message": "The bank did not return any further details with this decline.",
    "type": "issuer_declined",
}


def create(world: World, intent: Json, method: Json, *, secure: bool = False) -> Json:
    """A try at an intent's amount, `pending` until it succeeds or fails; `secure`: after 3-D Secure."""
    charge: Json = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"],
        "captured": False,
        "created": now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": APPROVED,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details(method["type"], secure=secure),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }
    world.store.add("charge", charge)
    return charge


def await_money(world: World, charge: Json) -> None:
    """The money is on its way."""
    events.emit(world, "charge.pending", charge)


def succeed(world: World, charge: Json) -> None:
    """The money is there. Its balance transaction, and with it the fee, follows a little later: Stripe captures
    asynchronously, https://docs.stripe.com/payments/payment-intents/asynchronous-capture.
    """
    charge |= {
        "status": "succeeded",
        "paid": True,
        "captured": True,
        "amount_captured": charge["amount"],
        "outcome": APPROVED,
    }
    world.store.save(charge)
    events.emit(world, "charge.succeeded", charge)
    world.timers.set(BALANCE_TIMER, charge["id"], CLOCK.time() + world.mode.charge_updated_delay_seconds)


def fail(world: World, charge: Json, failure: Failure) -> None:
    charge |= {
        "status": "failed",
        "failure_code": failure.code,
        "failure_message": failure.message,
        "outcome": REFUSED | {"reason": failure.decline_code or failure.code},
    }
    world.store.save(charge)
    events.emit(world, "charge.failed", charge)


def book(world: World, identifier: str) -> Json | None:
    """Make the balance transaction of a succeeded charge and tell it by `charge.updated`; once only.

    Returns the charge, or None if there is no such charge that succeeded.
    """
    charge = world.store.get("charge", identifier)
    if charge is None or charge["status"] != "succeeded":
        return None
    world.timers.cancel(BALANCE_TIMER, identifier)
    if charge["balance_transaction"] is None:
        charge["balance_transaction"] = balance.book_charge(world, charge)["id"]
        world.store.save(charge)
        events.emit(world, "charge.updated", charge, previous={"balance_transaction": None})
    return charge


def give_back(world: World, charge: Json, amount: int, *, call: Call | None) -> None:
    """Money of the charge goes back to the customer; `charge.refunded` tells the sum of all refunds so far."""
    previous = {name: charge[name] for name in ("amount_refunded", "refunded")}
    _count_refunded(world, charge, amount)
    events.emit(world, "charge.refunded", charge, previous=previous, call=call)


def take_back(world: World, identifier: str, amount: int) -> None:
    """A refund of the charge came to nothing."""
    charge = world.store.get("charge", identifier)
    assert charge is not None, "a refund has a charge"
    _count_refunded(world, charge, -amount)


def _count_refunded(world: World, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.save(charge)


def retrieve(world: World, call: Call) -> Json:
    charge = world.store.get("charge", call.path["charge"])
    if charge is None:
        raise missing("charge", call.path["charge"], param="id")
    return charge


def list_all(world: World, call: Call) -> Json:
    return lists.page(
        world.store,
        "charge",
        call.params,
        url="/v1/charges",
        noun="charge",
        conditions=[field_is("payment_intent", call.params["payment_intent"])]
        if "payment_intent" in call.params
        else [],
    )


OPERATIONS = (
    Operation("GET", "/v1/charges/{charge}", "charge", retrieve),
    Operation(
        "GET",
        "/v1/charges",
        "charge",
        list_all,
        Hash(
            {**lists.PARAMETERS, "payment_intent": Text()},
            unsupported=frozenset({"customer", "transfer_group"}),
        ),
        many=True,
    ),
)
