"""Events: what happened, as a snapshot of the object at that moment. https://docs.stripe.com/api/events"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.clock import now
from sandbox.store import Json, public
from sandbox.stripe import API_VERSION, lists
from sandbox.stripe.api import Call, Operation
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.identifiers import new_id
from sandbox.stripe.parameters import Boolean, Hash, ListOf, Text
from sandbox.world import World

MOST_TYPES = 20


def emit(
    world: World, kind: str, subject: Json, *, previous: Mapping[str, Any] | None = None, call: Call | None = None
) -> str:
    """Record that something happened to the subject and send it to the endpoint. Returns the event's id.

    `previous` holds the changed attributes as they were, for `*.updated`; `call` is the API call that caused it, if one
    did.
    """
    data: Json = {"object": public(subject)}
    if previous is not None:
        data["previous_attributes"] = dict(previous)
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0 if world.mode.delivery == "drop" else 1,
        "request": {
            "id": None if call is None else call.id,
            "idempotency_key": None if call is None else call.idempotency_key,
        },
        "type": kind,
    }
    world.store.add("event", event)
    # All events of one payment share a lane, whichever object they show.
    world.deliveries.queue(event["id"], lane=subject.get("payment_intent") or subject["id"])
    return str(event["id"])


def retrieve(world: World, call: Call) -> Json:
    event = world.store.get("event", call.path["event"])
    if event is None:
        raise missing("event", call.path["event"], param="id")
    return event


def list_all(world: World, call: Call) -> Json:
    conditions: list[tuple[str, Any]] = []
    if "type" in call.params:
        conditions.append(("json_extract(body, '$.type') GLOB ?", call.params["type"]))
    if "types" in call.params:
        types = json.dumps(call.params["types"])
        conditions.append(("json_extract(body, '$.type') IN (SELECT value FROM json_each(?))", types))
    if "delivery_success" in call.params:
        conditions.append(("(json_extract(body, '$.pending_webhooks') = 0) = ?", call.params["delivery_success"]))
    return lists.page(world.store, "event", call.params, url="/v1/events", noun="event", conditions=conditions)


def _check(params: Mapping[str, Any]) -> None:
    if "type" in params and "types" in params:
        raise StripeError("You may pass either `type` or `types`, but not both.", param="types")


OPERATIONS = (
    Operation("GET", "/v1/events/{event}", "event", retrieve),
    Operation(
        "GET",
        "/v1/events",
        "event",
        list_all,
        Hash(
            {
                **lists.PARAMETERS,
                "type": Text(),
                "types": ListOf(Text(), most=MOST_TYPES),
                "delivery_success": Boolean(),
            }
        ),
        check=_check,
        many=True,
    ),
)
