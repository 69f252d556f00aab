"""News from the gateways: told at once, late, twice, out of order, or never."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings

from payments.actions.receive import receive
from payments.gateways.stripe import READERS
from tests.finance.simulation.scene import Scene
from tests.payments import flutterwave, gateway

# How the news that a payment came is told, and in how many of a hundred: by its intent alone, by its session alone, by
# everything that Stripe sends, in any order and twice, much too late, or never.
WAYS = {"intent": 72, "session": 8, "all": 4, "mixed": 4, "late": 6, "never": 6}
_SALE = {"payment_intent.succeeded", "checkout.session.completed", "charge.updated"}
# Staff go by these: they may come late, and are not lost.
_SURE = ("refund.failed", "payment_intent.payment_failed", "checkout.session.async_payment_")


class Post:
    """Brings what the sandbox tells to our webhooks."""

    def __init__(self, scene: Scene, heard_of_dispute: Callable[[str], None]) -> None:
        self._scene = scene
        self._heard_of_dispute = heard_of_dispute
        self._position = 0
        self.ways: dict[str, str] = {}  # by the payment's id

    def way(self, payment_id: object, *, sure: bool = False) -> None:
        """Choose how news of this payment are told; `sure`: at once."""
        chosen = "all" if sure else self._scene.chance.choices(list(WAYS), list(WAYS.values()))[0]
        self.ways[str(payment_id)] = chosen

    def collect(self) -> None:
        """Fetch what is new and decide about each."""
        self._position, told = self._scene.sandbox.feed(self._position)
        at_once: list[dict[str, Any]] = []
        for news in told:
            self._scene.figures["events told"] += 1
            at_once += self._sorted(news)
        for news in at_once:
            self.deliver(news)

    def _sorted(self, news: dict[str, Any]) -> list[dict[str, Any]]:
        """The news so often as they are delivered now; what is late goes onto the agenda."""
        scene, kind = self._scene, _kind(news)
        if kind in _SALE or kind == "charge.completed":
            way = self.ways.get(_payment(news), "never")
            return self._of_sale(news, kind, way)
        if news["gateway"] == "stripe" and kind not in READERS:
            return [news] if scene.happens(0.01) else []
        if news["gateway"] == "flutterwave" or kind.startswith(_SURE):
            return [news] * scene.chance.choice([1, 1, 2])
        if self._is_prompt(news):
            return [news]
        chosen = scene.chance.choices(["now", "twice", "late", "never"], [25, 5, 15, 55])[0]
        return self._chosen(news, chosen)

    def _of_sale(self, news: dict[str, Any], kind: str, way: str) -> list[dict[str, Any]]:
        if kind == "charge.updated" and way in ("intent", "session"):
            return [news] if self._scene.happens(0.1) else []  # else its line of the balance tells it
        if kind == "charge.completed" and way in ("intent", "session"):
            return [news]
        told_by = {"intent": "payment_intent.succeeded", "session": "checkout.session.completed"}
        if way in told_by:
            return [news] if kind == told_by[way] else []
        if way == "mixed":
            return self._chosen(news, self._scene.chance.choice(["now", "twice", "late"]))
        return self._chosen(news, {"all": "now"}.get(way, way))

    def _chosen(self, news: dict[str, Any], chosen: str) -> list[dict[str, Any]]:
        scene = self._scene
        scene.figures[f"events {chosen}"] += 1
        if chosen == "late":
            scene.agenda.put(scene.later(scene.chance.random() * 2), self.deliver, news)
        return [news] * {"now": 1, "twice": 2}.get(chosen, 0)

    def _is_prompt(self, news: dict[str, Any]) -> bool:
        """Whether this is told at once because what happens next needs it; questions of banks always are."""
        about = news["body"]["data"]["object"]
        asks = about["object"] == "dispute" and about["status"].startswith("warning")
        return asks or about.get("charge", about["id"]) in self._scene.prompt

    def deliver(self, news: dict[str, Any]) -> None:
        """Hand it to our webhook, or now and then to what is behind it."""
        scene = self._scene
        scene.figures["events delivered"] += 1
        if scene.happens(0.02):
            by_http = gateway.send if news["gateway"] == "stripe" else flutterwave.send
            assert by_http(news["body"]).status_code == 200
        else:
            text = json.dumps(news["body"])
            headers = {"Stripe-Signature": gateway.signed(text)}
            if news["gateway"] == "flutterwave":
                headers = {"verif-hash": settings.FLUTTERWAVE_WEBHOOK_SECRETS[0]}
            receive(news["gateway"], text.encode(), headers)
        if _kind(news).startswith("charge.dispute"):
            self._heard_of_dispute(news["body"]["data"]["object"]["id"])


def _kind(news: dict[str, Any]) -> str:
    return str(news["body"].get("type") or news["body"].get("event") or "refund")


def _payment(news: dict[str, Any]) -> str:
    """The payment that a sale's news are about."""
    if news["gateway"] == "flutterwave":
        return str(news["body"]["data"]["tx_ref"])
    return str(news["body"]["data"]["object"]["metadata"].get("payment_id"))
