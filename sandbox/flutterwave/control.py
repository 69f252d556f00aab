"""What a test may do behind the scenes of Flutterwave: JSON under /_control/flutterwave."""

import json
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route

from sandbox.clock import now
from sandbox.control import MissingError, RefusedError, routes
from sandbox.flutterwave import balances, fields, links, paying, refunds, transactions
from sandbox.flutterwave.amounts import major, minor
from sandbox.store import Json
from sandbox.world import World

METHODS = ("card", "declined", "bank_transfer")


class FlutterwaveControl:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return routes(
            ("POST", "/flutterwave/endpoint", self.endpoint),
            ("POST", "/flutterwave/webhook", self.webhook),
            ("POST", "/flutterwave/pay", self.pay),
            ("POST", "/flutterwave/settle", self.settle),
            ("POST", "/flutterwave/expires_at", self.expires_at),
            ("POST", "/flutterwave/refund", self.refund),
            ("POST", "/flutterwave/refunds/{refund}/settle", self.settle_refund),
            ("GET", "/flutterwave/state", self.state),
        )

    async def endpoint(self, _request: Request, body: Json) -> Json:
        """{url, secret?}: send the webhooks there from now on, until a reset or a restart."""
        url = body.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise RefusedError("url must be an http or https address")
        self._world.flutterwave_endpoint.url = url
        if "secret" in body:
            self._world.flutterwave_endpoint.secret = str(body["secret"])
        return {"url": url}

    async def webhook(self, _request: Request, body: Json) -> Json:
        """{body, secret?}: send any body, a text or JSON, whether or not it is true. Returns {status, answer}."""
        if "body" not in body:
            raise RefusedError("body must be what to send")
        sent = body["body"] if isinstance(body["body"], str) else json.dumps(body["body"])
        endpoint = self._world.flutterwave_endpoint
        headers = endpoint.headers(body.get("secret"))
        status, answer = await self._world.deliveries.post(endpoint, sent.encode(), headers)
        return {"status": status, "answer": answer}

    async def pay(self, _request: Request, body: Json) -> Json:
        """{tx_ref, method, amount?}: what a customer does on the page of the reference's last link."""
        link = self._link(body)
        amount = minor(fields.amount("amount", body["amount"]), link["currency"]) if "amount" in body else None
        match body.get("method"):
            case "card":
                transaction = paying.pay(self._world, link, amount=amount)
            case "declined":
                transaction = paying.decline(self._world, link)
            case "bank_transfer":
                transaction = paying.promise(self._world, link, amount=amount)
            case other:
                raise RefusedError(f"method must be one of {', '.join(METHODS)}, not {other!r}")
        return transactions.as_json(transaction)

    async def settle(self, _request: Request, body: Json) -> Json:
        """{transaction, success}: the bank transfer arrives, or it never will."""
        transaction = paying.settle(self._world, str(body.get("transaction")), success=_success(body))
        return transactions.as_json(transaction)

    async def expires_at(self, _request: Request, body: Json) -> Json:
        """{tx_ref, in_seconds}: the reference's last link ends then; the API allows no less than a minute."""
        link = self._link(body)
        if not isinstance(body.get("in_seconds"), int):
            raise RefusedError("in_seconds must be a whole number")
        link["expires_at"] = now() + body["in_seconds"]
        self._world.store.save(link)
        return _link_as_json(link)

    async def refund(self, _request: Request, body: Json) -> Json:
        """{transaction, amount?, comments?}: a refund that somebody makes in Flutterwave's dashboard."""
        transaction = transactions.find(self._world, str(body.get("transaction")))
        if transaction is None:
            raise MissingError(f"there is no transaction {body.get('transaction')}")
        amount = refunds.left(self._world, transaction)
        if "amount" in body:
            amount = minor(fields.amount("amount", body["amount"]), transaction["currency"])
        with self._world.store.transaction():
            made = refunds.create(self._world, transaction, amount, str(body.get("comments", "")))
        return refunds.as_json(made)

    async def settle_refund(self, request: Request, body: Json) -> Json:
        """{success}: the refund's money goes out, or cannot."""
        return refunds.as_json(
            refunds.settle_by_hand(self._world, request.path_params["refund"], success=_success(body))
        )

    async def state(self, _request: Request, _body: Json) -> Json:
        """Everything of Flutterwave's, in order of creation. Deliveries and requests are in the state of both."""
        store = self._world.store
        return {
            "links": [_link_as_json(one) for one in store.select(links.KIND)],
            "transactions": [transactions.as_json(one) for one in store.select(transactions.KIND)],
            "refunds": [refunds.as_json(one) for one in store.select(refunds.KIND)],
            "events": store.select(self._world.flutterwave_endpoint.kind),
            "balances": {name: major(amount, name) for name, amount in balances.balances(self._world).items()},
            "endpoint": {"url": self._world.flutterwave_endpoint.url},
        }

    def _link(self, body: Json) -> Json:
        link = links.newest(self._world, str(body.get("tx_ref")))
        if link is None:
            raise MissingError(f"there is no link for {body.get('tx_ref')}")
        return link


def _success(body: Json) -> bool:
    if not isinstance(body.get("success"), bool):
        raise RefusedError("success must be true or false")
    return bool(body["success"])


def _link_as_json(link: Json) -> Json:
    return link | {"amount": major(link["amount"], link["currency"])}
