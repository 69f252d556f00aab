"""What the control page shows of Flutterwave, and what its buttons do."""

from sandbox.flutterwave import PREFIX, links, paying, refunds, transactions
from sandbox.flutterwave.amounts import formatted
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.store import Json
from sandbox.world import World


def overview(world: World, limit: int) -> Json:
    """The newest links with their tries and refunds, and the newest webhooks with their deliveries."""
    store, endpoint = world.store, world.flutterwave_endpoint
    events = store.select(endpoint.kind, newest_first=True, limit=limit)
    deliveries: dict[str, list[Json]] = {}
    for delivery in world.deliveries.report([event["id"] for event in events]):
        deliveries.setdefault(delivery["event"], []).append(delivery)
    return {
        "endpoint": endpoint.url,
        "links": [_link(world, one) for one in store.select(links.KIND, newest_first=True, limit=limit)],
        "events": [event | {"deliveries": deliveries.get(event["id"], [])} for event in events],
    }


def press(world: World, action: str, subject: str) -> None:
    """A button of the control page. Raises FlutterwaveError."""
    match action:
        case "flutterwave_arrive":
            paying.settle(world, subject, success=True)
        case "flutterwave_bounce":
            paying.settle(world, subject, success=False)
        case "flutterwave_refund_paid":
            refunds.settle_by_hand(world, subject, success=True)
        case "flutterwave_refund_failed":
            refunds.settle_by_hand(world, subject, success=False)
        case _:
            raise FlutterwaveError(f"There is no button {action!r}.")


def _link(world: World, link: Json) -> Json:
    tries = [one for one in transactions.of_reference(world, link["tx_ref"]) if one["link"] == link["id"]]
    return link | {
        "amount": formatted(link["amount"], link["currency"]),
        "over": links.is_over(link),
        "url": f"{PREFIX}/pay/{link['id']}",
        "transactions": [one | {"refunds": [_refund(each) for each in refunds.of(world, one)]} for one in tries],
    }


def _refund(refund: Json) -> Json:
    return refund | {
        "amount": formatted(refund["amount"], refund["currency"]),
        "status": "failed" if refunds.has_failed(refund) else refund["status"],
        "under_way": refunds.is_under_way(refund),
    }
