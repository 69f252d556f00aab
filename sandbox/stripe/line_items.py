"""What a session sells. https://docs.stripe.com/api/checkout/sessions/line_items"""

from collections.abc import Mapping
from typing import Any

from sandbox.clock import now
from sandbox.store import Json
from sandbox.stripe.identifiers import new_id


def create(wanted: Mapping[str, Any]) -> Json:
    """A line with a price and a product of its own, from a checked `line_items[…]`."""
    price, product = wanted["price_data"], wanted["price_data"]["product_data"]
    amount = price["unit_amount"] * wanted["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": wanted.get("metadata", {}),
        "price": {
            "id": new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": now(),
            "currency": price["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": new_id("prod"),
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": wanted["quantity"],
    }
