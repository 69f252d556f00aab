"""Payment intents: the one thing that a session's tries to pay belong to. https://docs.stripe.com/api/payment_intents"""

from sandbox.clock import now
from sandbox.store import Json
from sandbox.stripe import events, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Hash
from sandbox.stripe.payment_methods import Failure
from sandbox.world import World


def create(world: World, session: Json) -> Json:
    """The intent of a session whose customer confirms for the first time."""
    wishes = session["_payment_intent_data"]
    identifier = new_id("pi")
    intent: Json = {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": session["allowed_payment_method_types"],
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": wishes.get("capture_method", "automatic_async"),
        "client_secret": f"{identifier}_{new_id('secret')}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": session["currency"],
        "customer": None,
        "customer_account": None,
        "description": wishes.get("description"),
        "excluded_payment_method_types": session["excluded_payment_method_types"],
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": wishes.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": session["payment_method_types"],
        "processing": None,
        "receipt_email": wishes.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": wishes.get("statement_descriptor"),
        "statement_descriptor_suffix": wishes.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    world.store.add("payment_intent", intent)
    return intent


def succeed(world: World, intent: Json, charge: Json) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "last_payment_error": None,
        "next_action": None,
        "processing": None,
    }
    world.store.save(intent)
    events.emit(world, "payment_intent.succeeded", intent)


def process(world: World, intent: Json, charge: Json) -> None:
    """The money was promised and is on its way."""
    intent |= {
        "status": "processing",
        "latest_charge": charge["id"],
        "payment_method": charge["payment_method"],
        "last_payment_error": None,
        "next_action": None,
    }
    world.store.save(intent)
    events.emit(world, "payment_intent.processing", intent)


def require_authentication(world: World, intent: Json, method: Json, url: str) -> None:
    """The customer's bank asks for a challenge, at `url`."""
    intent |= {
        "status": "requires_action",
        "payment_method": method["id"],
        "last_payment_error": None,
        "next_action": {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": None, "url": url},
        },
    }
    world.store.save(intent)
    events.emit(world, "payment_intent.requires_action", intent)


def fail(world: World, intent: Json, failure: Failure, *, method: Json, charge: Json | None = None) -> None:
    """One try failed; the next may succeed. Without a charge: it never came to one."""
    error: Json = {
        "code": failure.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{failure.code.replace('_', '-')}",
        "message": failure.message,
        "payment_method": method,
        "type": "card_error" if failure.decline_code else "invalid_request_error",
    }
    if failure.decline_code is not None:
        error["decline_code"] = failure.decline_code
    if charge is not None:
        error["charge"] = intent["latest_charge"] = charge["id"]
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": error,
        "next_action": None,
        "processing": None,
    }
    world.store.save(intent)
    events.emit(world, "payment_intent.payment_failed", intent)


def cancel(world: World, intent: Json, reason: str) -> None:
    """The session ended before anybody paid."""
    intent |= {"status": "canceled", "canceled_at": now(), "cancellation_reason": reason, "next_action": None}
    world.store.save(intent)
    events.emit(world, "payment_intent.canceled", intent)


def retrieve(world: World, call: Call) -> Json:
    intent = world.store.get("payment_intent", call.path["intent"])
    if intent is None:
        raise missing("payment_intent", call.path["intent"], param="intent")
    return intent


def list_all(world: World, call: Call) -> Json:
    return lists.page(world.store, "payment_intent", call.params, url="/v1/payment_intents", noun="payment_intent")


OPERATIONS = (
    Operation("GET", "/v1/payment_intents/{intent}", "payment_intent", retrieve),
    Operation(
        "GET",
        "/v1/payment_intents",
        "payment_intent",
        list_all,
        Hash(lists.PARAMETERS, unsupported=frozenset({"customer", "customer_account"})),
        many=True,
    ),
)
