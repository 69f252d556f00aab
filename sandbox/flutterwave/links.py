"""Links to the hosted page: developer.flutterwave.com/docs/collecting-payments/standard.

A link is no payment and cannot be ended by a call. It knows a reference, and every try to pay on its page is a
transaction of that reference; so a link can be paid more than once, and one reference can have several links.
"""

import secrets

from sandbox.clock import now
from sandbox.flutterwave import PREFIX, fields
from sandbox.flutterwave.amounts import minor
from sandbox.flutterwave.api import Call, Operation
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.flutterwave.fields import Fields
from sandbox.store import Json, field_is
from sandbox.world import World

KIND = "flutterwave.link"
MINUTE = 60
LONGEST_LIFE = 1440  # minutes


def create(world: World, call: Call) -> Json:
    given = call.fields
    currency = given.get("currency", "NGN")
    identifier = secrets.token_hex(20)
    created = now()
    link: Json = {
        "id": identifier,
        "created": created,
        "tx_ref": given["tx_ref"],
        "amount": minor(given["amount"], currency),
        "currency": currency,
        "redirect_url": given["redirect_url"],
        "customer": given["customer"],
        "customizations": given.get("customizations", {}),
        "meta": given.get("meta"),
        "methods": methods(given.get("payment_options")),
        "expires_at": created + given["session_duration"] * MINUTE if "session_duration" in given else None,
        "tries_left": given.get("max_retry_attempt"),
    }
    world.store.add(KIND, link)
    return {"data": {"link": f"{world.settings.base_url}{PREFIX}/pay/{identifier}"}}


def find(world: World, identifier: str) -> Json | None:
    return world.store.get(KIND, identifier)


def newest(world: World, tx_ref: str) -> Json | None:
    """The last link that was made for a reference."""
    found = world.store.select(KIND, [field_is("tx_ref", tx_ref)], newest_first=True, limit=1)
    return found[0] if found else None


def is_over(link: Json) -> bool:
    """Whether its time has come, or its customer failed as often as allowed."""
    has_ended = link["expires_at"] is not None and link["expires_at"] <= now()
    return bool(has_ended or link["tries_left"] == 0)


def methods(options: str | None) -> list[str]:
    """Of what the merchant wants (`card, banktransfer`; null: anything), that which the sandbox's page has."""
    offered = {"card": "card", "banktransfer": "bank_transfer"}
    wanted = offered if options is None else [one.strip() for one in options.split(",")]
    return [method for option, method in offered.items() if option in wanted]


def _payment_options(name: str, value: object) -> str:
    options = fields.text(name, value)
    if not methods(options):
        raise FlutterwaveError(f"{name} names no method that this sandbox has: card, banktransfer")
    return options


CUSTOMER = Fields({"email": fields.email, "name": fields.text, "phonenumber": fields.text}, required=("email",))
CUSTOMIZATIONS = Fields({"title": fields.text, "logo": fields.text, "description": fields.text})

OPERATIONS = (
    Operation(
        "POST",
        "/v3/payments",
        "Hosted Link",
        create,
        Fields(
            {
                "tx_ref": fields.text,
                "amount": fields.amount,
                "currency": fields.currency,
                "redirect_url": fields.address,
                "customer": CUSTOMER,
                "session_duration": fields.whole(1, LONGEST_LIFE),
                "max_retry_attempt": fields.whole(1, 100),
                "customizations": CUSTOMIZATIONS,
                "meta": fields.anything,
                "payment_options": _payment_options,
            },
            required=("tx_ref", "amount", "redirect_url", "customer"),
            unsupported=frozenset({"payment_plan", "subaccounts", "payload_hash", "integrity_hash"}),
        ),
    ),
)
