"""Checkout sessions: open, then complete or expired. https://docs.stripe.com/api/checkout/sessions"""

from collections.abc import Iterable, Mapping

from sandbox.clock import now
from sandbox.store import Json, field_is
from sandbox.stripe import events, line_items, lists, payment_intents, session_parameters
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Choice, Hash, Text
from sandbox.world import World

EXPIRY_TIMER = "session.expire"


def create(world: World, call: Call) -> Json:
    params = call.params
    items = [line_items.create(item) for item in params["line_items"]]
    total = sum(item["amount_total"] for item in items)
    identifier = new_id("cs_test")
    created = now()
    session: Json = {
        "id": identifier,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", False)},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "branding_settings": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": items[0]["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": None,
        "customer_account": None,
        "customer_creation": params.get("customer_creation", "if_required"),
        "customer_details": _customer(params["customer_email"]) if "customer_email" in params else None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "expires_at": params.get("expires_at", created + session_parameters.LONGEST_LIFE),
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "origin_context": params.get("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": session_parameters.offered(params),
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{world.settings.base_url}/pay/{identifier}",
        "wallet_options": None,
        "_line_items": items,
        # The page shows them; a line item of the API has no such field.
        "_descriptions": [item["price_data"]["product_data"].get("description") for item in params["line_items"]],
        "_payment_intent_data": params.get("payment_intent_data", {}),
    }
    world.store.add("checkout.session", session)
    world.timers.set(EXPIRY_TIMER, identifier, session["expires_at"])
    return session


def _customer(email: str | None) -> Json:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def find(world: World, identifier: str) -> Json | None:
    """The session as it is now: one whose time has come is expired first."""
    session = world.store.get("checkout.session", identifier)
    if session is not None and session["status"] == "open" and session["expires_at"] <= now():
        with world.store.transaction():
            expire(world, session)
    return session


def expire(world: World, session: Json, call: Call | None = None) -> None:
    """End an open session, and with it the intent that it may have; nobody can pay it any more."""
    session |= {"status": "expired", "url": None}
    world.timers.cancel(EXPIRY_TIMER, session["id"])
    world.store.save(session)
    if session["payment_intent"] is not None:
        intent = world.store.get("payment_intent", session["payment_intent"])
        assert intent is not None
        payment_intents.cancel(world, intent, "expired")
    events.emit(world, "checkout.session.expired", session, call=call)


def move_end(world: World, session: Json, expires_at: int) -> None:
    """Let an open session end earlier or later than it was created to, by itself (Stripe cannot do that)."""
    session["expires_at"] = expires_at
    world.store.save(session)
    world.timers.set(EXPIRY_TIMER, session["id"], expires_at)


def copy(world: World, session: Json, payments: Iterable[Mapping[str, str]]) -> list[str]:
    """As many open copies of an open session, each for another payment, without events: for tests that need thousands.

    A payment is {payment_id, client_reference_id?}: the first goes where the original names its own, in the metadata of
    the session and of the intent to come. Returns their ids.
    """
    copies = []
    with world.store.transaction():
        for payment in payments:
            identifier = new_id("cs_test")
            names = {"payment_id": payment["payment_id"]}
            intent = session["_payment_intent_data"]
            twin = session | {
                "id": identifier,
                "client_reference_id": payment.get("client_reference_id", session["client_reference_id"]),
                "metadata": session["metadata"] | names,
                "url": f"{world.settings.base_url}/pay/{identifier}",
                "_payment_intent_data": intent | {"metadata": intent.get("metadata", {}) | names},
            }
            world.store.add("checkout.session", twin)
            world.timers.set(EXPIRY_TIMER, identifier, twin["expires_at"])
            copies.append(identifier)
    return copies


def complete(world: World, session: Json, *, paid: bool, email: str | None) -> str:
    """The customer is done. Returns the id of `checkout.session.completed`."""
    session |= {
        "status": "complete",
        "payment_status": "paid" if paid else "unpaid",
        "url": None,
        "customer_details": _customer(email),
    }
    world.timers.cancel(EXPIRY_TIMER, session["id"])
    world.store.save(session)
    return events.emit(world, "checkout.session.completed", session)


def settle(world: World, session: Json, *, paid: bool) -> None:
    """The money of a session that was completed unpaid arrived, or it never will."""
    if paid:
        session["payment_status"] = "paid"
        world.store.save(session)
    events.emit(world, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def retrieve(world: World, call: Call) -> Json:
    session = find(world, call.path["session"])
    if session is None:
        raise missing("checkout.session", call.path["session"], param="session")
    return session


def list_all(world: World, call: Call) -> Json:
    return lists.page(
        world.store,
        "checkout.session",
        call.params,
        url="/v1/checkout/sessions",
        noun="checkout.session",
        conditions=[field_is(name, call.params[name]) for name in ("payment_intent", "status") if name in call.params],
    )


def expire_by_call(world: World, call: Call) -> Json:
    session = retrieve(world, call)
    if session["status"] != "open":
        plain = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
        raise StripeError(plain)
    expire(world, session, call)
    return session


def list_line_items(world: World, call: Call) -> Json:
    session = retrieve(world, call)
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return lists.page_of(session["_line_items"], call.params, url=url)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/checkout/sessions",
        "checkout.session",
        create,
        session_parameters.CREATE,
        check=session_parameters.check,
    ),
    Operation("GET", "/v1/checkout/sessions/{session}", "checkout.session", retrieve),
    Operation(
        "GET",
        "/v1/checkout/sessions",
        "checkout.session",
        list_all,
        Hash(
            {**lists.PARAMETERS, "payment_intent": Text(), "status": Choice(("complete", "expired", "open"))},
            unsupported=frozenset({"customer", "customer_account", "customer_details", "payment_link", "subscription"}),
        ),
        many=True,
    ),
    Operation("POST", "/v1/checkout/sessions/{session}/expire", "checkout.session", expire_by_call),
    Operation(
        "GET",
        "/v1/checkout/sessions/{session}/line_items",
        "item",
        list_line_items,
        Hash(lists.CURSOR),
        many=True,
    ),
)
