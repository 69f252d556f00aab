"""Flutterwave's API of a running sandbox, as a merchant calls it."""

from dataclasses import dataclass
from typing import Any

import httpx

SECRET_KEY = "FLWSECK_TEST-x"  # as the fixture that starts the sandbox has it
WEBHOOK_SECRET = "hash"
REDIRECT = "https://merchant.test/back?way=flw"


@dataclass
class Flutterwave:
    """Calls of the API, and of what is behind the scenes."""

    sandbox: Any  # the fixture of this name
    key: str = SECRET_KEY

    def call(self, method: str, path: str, status: int = 200, **options: Any) -> dict[str, Any]:
        """An answer as it came, of which the status is checked."""
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        answer = self.sandbox.http.request(method, f"/flutterwave/v3/{path}", headers=headers, **options)
        assert answer.status_code == status, answer.text
        told = answer.json()
        assert told["status"] == ("success" if status == 200 else "error")
        return told

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params)["data"]

    def post(self, path: str, **fields: Any) -> Any:
        return self.call("POST", path, json=fields)["data"]

    def refusal(self, method: str, path: str, status: int = 400, **options: Any) -> str:
        """What the answer says, which is an error."""
        told = self.call(method, path, status, **options)
        return told["data"] or told["message"]

    def link(self, tx_ref: str = "berth-1", **changes: Any) -> str:
        """The address of a new link's page."""
        return self.post("payments", **link_fields(tx_ref, **changes))["link"]

    def pay(self, tx_ref: str = "berth-1", method: str = "card", **changes: Any) -> dict[str, Any]:
        """A transaction of a new link. `paid`: an amount other than the link's."""
        paid = {"amount": changes.pop("paid")} if "paid" in changes else {}
        self.link(tx_ref, **changes)
        return self.again(tx_ref, method, **paid)

    def again(self, tx_ref: str = "berth-1", method: str = "card", **paid: Any) -> dict[str, Any]:
        """Another try with the reference's last link."""
        return self.control("pay", tx_ref=tx_ref, method=method, **paid)

    def verify(self, transaction: dict[str, Any]) -> dict[str, Any]:
        return self.get(f"transactions/{transaction['id']}/verify")

    def refund(self, transaction: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return self.post(f"transactions/{transaction['id']}/refund", **fields)

    def control(self, path: str, expected: int = 200, **body: Any) -> Any:
        return self.sandbox.control(f"flutterwave/{path}", expected, **body)

    def state(self) -> dict[str, Any]:
        return self.sandbox.http.get("/_control/flutterwave/state").json()


def link_fields(tx_ref: str = "berth-1", **changes: Any) -> dict[str, Any]:
    """What the smallest good call carries; a change to None leaves the field out."""
    fields = {
        "tx_ref": tx_ref,
        "amount": 12_500,
        "currency": "NGN",
        "redirect_url": REDIRECT,
        "customer": {"email": "ada@example.com"},
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def page(sandbox: Any, link: str, **headers: str) -> httpx.Response:
    return sandbox.http.get(link, headers=headers)
