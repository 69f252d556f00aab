"""Webhooks: what happened, as Flutterwave tells it. The event's id is the sandbox's own and is never sent."""

import secrets

from sandbox.clock import now
from sandbox.flutterwave import transactions
from sandbox.store import Json
from sandbox.world import World


def emit(world: World, kind: str, tx_ref: str, sent: Json) -> str:
    """Send this to the endpoint, as the mode says. Returns the event's id."""
    event: Json = {
        "id": f"flw_evt_{secrets.token_hex(12)}",
        "created": now(),
        "type": kind,
        "tx_ref": tx_ref,
        "sent": sent,
    }
    world.store.add(world.flutterwave_endpoint.kind, event)
    world.deliveries.queue(event["id"], lane=f"flutterwave {tx_ref}")
    return str(event["id"])


def charge_completed(world: World, transaction: Json) -> str:
    """Told when money is on its way, when it is there, and when it will not come: the status says which."""
    shown = transactions.as_json(transaction)
    meta = shown.pop("meta")
    kind = "CARD_TRANSACTION" if transaction["payment_type"] == transactions.CARD else "BANK_TRANSFER_TRANSACTION"
    sent = {"event": "charge.completed", "data": shown, "meta_data": meta, "event.type": kind}
    return emit(world, "charge.completed", transaction["tx_ref"], sent)
