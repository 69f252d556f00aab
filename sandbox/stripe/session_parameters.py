"""What `POST /v1/checkout/sessions` may carry: https://docs.stripe.com/api/checkout/sessions/create

A parameter that the sandbox would only swallow is refused instead, by name.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.clock import now
from sandbox.money import LARGEST_AMOUNT, formatted, granularity
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.parameters import (
    Boolean,
    Choice,
    Currency,
    Email,
    Gone,
    Hash,
    Integer,
    ListOf,
    Metadata,
    Text,
    Url,
)
from sandbox.stripe.payment_methods import OFFERED

SHORTEST_LIFE = 30 * 60  # seconds
LONGEST_LIFE = 24 * 3600

# Stripe's own list. It has no Arabic: a client sends `auto`, and the page follows the browser.
_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR"
    " ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)

PRODUCT_DATA = Hash(
    {
        "name": Text(),
        "description": Text(),
        "images": ListOf(Url(), most=8),
        "metadata": Metadata(),
        "unit_label": Text(12),
    },
    required=("name",),
    unsupported=frozenset({"tax_code", "tax_details"}),
)
PRICE_DATA = Hash(
    {
        "currency": Currency(),
        "unit_amount": Integer(0, LARGEST_AMOUNT),
        "product": Text(),
        "product_data": PRODUCT_DATA,
        "tax_behavior": Choice(("unspecified",), unsupported=("exclusive", "inclusive")),
    },
    required=("currency",),
    unsupported=frozenset({"unit_amount_decimal", "recurring"}),
)
LINE_ITEM = Hash(
    {"price": Text(), "price_data": PRICE_DATA, "quantity": Integer(1, 999_999), "metadata": Metadata()},
    unsupported=frozenset({"adjustable_quantity", "tax_rates", "dynamic_tax_rates"}),
)
PAYMENT_INTENT_DATA = Hash(
    {
        "capture_method": Choice(("automatic", "automatic_async"), unsupported=("manual",)),
        "description": Text(1000),
        "metadata": Metadata(),
        "receipt_email": Email(),
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
    },
    unsupported=frozenset(
        {"application_fee_amount", "on_behalf_of", "setup_future_usage", "shipping", "transfer_data", "transfer_group"}
    ),
)
_BEYOND_US = (
    "after_expiration allow_promotion_codes automatic_tax billing_address_collection branding_settings"
    " consent_collection custom_fields custom_text customer customer_account customer_update discounts"
    " integration_identifier invoice_creation managed_payments name_collection optional_items"
    " payment_method_collection payment_method_configuration payment_method_data payment_method_options permissions"
    " phone_number_collection redirect_on_completion return_url saved_payment_method_options setup_intent_data"
    " shipping_address_collection shipping_options subscription_data tax_id_collection wallet_options"
)
CREATE = Hash(
    {
        "adaptive_pricing": Hash({"enabled": Boolean()}),
        "allowed_payment_method_types": ListOf(Text()),
        "cancel_url": Url(),
        "client_reference_id": Text(200),
        "currency": Currency(),
        "customer_creation": Choice(("if_required",), unsupported=("always",)),
        "customer_email": Email(),
        "excluded_payment_method_types": ListOf(Text()),
        "expires_at": Integer(),
        "line_items": ListOf(LINE_ITEM),
        "locale": Choice(tuple(_LOCALES.split())),
        "metadata": Metadata(),
        "mode": Choice(("payment",), unsupported=("setup", "subscription")),
        "origin_context": Choice(("mobile_app", "web")),
        "payment_intent_data": PAYMENT_INTENT_DATA,
        "payment_method_types": Gone(
            "The `payment_method_types` parameter is no longer supported in this API version. Remove it to use dynamic "
            "payment methods, or filter them with `allowed_payment_method_types`.",
            "payment_method_types_no_longer_supported",
        ),
        "submit_type": Choice(("auto", "book", "donate", "pay"), unsupported=("subscribe",)),
        "success_url": Url(),
        "ui_mode": Choice(("hosted_page",), unsupported=("elements", "embedded_page", "form")),
    },
    required=("mode", "success_url", "line_items"),
    unsupported=frozenset(_BEYOND_US.split()),
)


def check(params: Mapping[str, Any]) -> None:
    """What no field can see alone. Raises StripeError."""
    if not params["line_items"]:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    for index, item in enumerate(params["line_items"]):
        _check_item(item, f"line_items[{index}]")
    _check_total(params)
    _check_expiry(params.get("expires_at"))
    if not offered(params):
        plain = "No valid payment method types for this Checkout Session: none that it allows is offered here."
        raise StripeError(plain)


def _check_item(item: Mapping[str, Any], name: str) -> None:
    if "price" in item:
        raise missing("price", item["price"], param=f"{name}[price]", status=400)
    if "price_data" not in item:
        plain = f"You must specify either `price` or `price_data` for {name}."
        raise StripeError(plain, code="parameter_missing", param=name)
    price = item["price_data"]
    if "product" in price:
        raise missing("product", price["product"], param=f"{name}[price_data][product]", status=400)
    for needed in ("product_data", "unit_amount"):
        if needed not in price:
            param = f"{name}[price_data][{needed}]"
            raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    if "quantity" not in item:
        plain = f"Quantity is required. Add `quantity` to `{name}`"
        raise StripeError(plain, code="parameter_missing", param=f"{name}[quantity]")
    step = granularity(price["currency"])
    if price["unit_amount"] % step:
        plain = (
            f"Invalid amount: amounts in {price['currency']} must be a multiple of {step}, "
            f"but you passed in {price['unit_amount']}."
        )
        raise StripeError(plain, code="parameter_invalid_integer", param=f"{name}[price_data][unit_amount]")


def _check_total(params: Mapping[str, Any]) -> None:
    currencies = {item["price_data"]["currency"] for item in params["line_items"]} | (
        {params["currency"]} if "currency" in params else set()
    )
    if len(currencies) > 1:
        plain = f"All line items must have the same currency, but you passed in {', '.join(sorted(currencies))}."
        raise StripeError(plain, param="line_items")
    total = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in params["line_items"])
    if total == 0:
        plain = "The Checkout Session's total amount due cannot be zero in `payment` mode."
        raise StripeError(plain, code="amount_too_small", param="line_items")
    if total > LARGEST_AMOUNT:
        largest = formatted(LARGEST_AMOUNT, currencies.pop())
        plain = f"The Checkout Session's total amount due must be no more than {largest}."
        raise StripeError(plain, code="amount_too_large", param="line_items")


def _check_expiry(expires_at: int | None) -> None:
    if expires_at is None:
        return
    life = expires_at - now()
    if life < SHORTEST_LIFE:
        plain = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise StripeError(plain, param="expires_at")
    if life > LONGEST_LIFE:
        plain = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise StripeError(plain, param="expires_at")


def offered(params: Mapping[str, Any]) -> list[str]:
    """The types of payment methods that the page shows."""
    allowed = params.get("allowed_payment_method_types") or OFFERED
    excluded = params.get("excluded_payment_method_types") or ()
    return [method for method in OFFERED if method in allowed and method not in excluded]
