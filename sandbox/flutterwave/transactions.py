"""Transactions: one for each try to pay. developer.flutterwave.com/docs/transaction-verification

`status` is pending, successful or failed. Amounts are minor units in here, major units in the API.
"""

from sandbox.clock import now
from sandbox.flutterwave import ACCOUNT_ID, fields, lists
from sandbox.flutterwave.amounts import app_fee, major
from sandbox.flutterwave.api import Call, Operation
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.flutterwave.fields import Fields
from sandbox.flutterwave.identifiers import moment, new_id, new_ref
from sandbox.store import Json, field_is
from sandbox.world import World

KIND = "flutterwave.transaction"

CARD = "card"
BANK_TRANSFER = "bank_transfer"
DETAILS: Json = {
    CARD: {
        "card": {
            "first_6digits": "553188",
            "last_4digits": "2950",
            "issuer": "MASTERCARD  CREDIT",
            "country": "NIGERIA NG",
            "type": "MASTERCARD",
            "expiry": "09/32",
        }
    },
    BANK_TRANSFER: {},
}
AUTH_MODELS = {CARD: "PIN", BANK_TRANSFER: "AUTH"}


def create(world: World, link: Json, payment_type: str, amount: int) -> Json:
    """A try to pay on a link's page, `pending` until it is decided. `amount`: minor units."""
    created = now()
    transaction: Json = {
        "id": new_id(),
        "created": created,
        "tx_ref": link["tx_ref"],
        "flw_ref": new_ref(),
        "link": link["id"],
        "amount": amount,
        "app_fee": app_fee(amount),
        "currency": link["currency"],
        "payment_type": payment_type,
        "status": "pending",
        "processor_response": "Pending, awaiting the transfer",
        "customer": link["customer"] | {"id": new_id(), "created": created},
        "meta": link["meta"],
    }
    world.store.add(KIND, transaction)
    return transaction


def decide(world: World, transaction: Json, *, success: bool) -> None:
    transaction |= {
        "status": "successful" if success else "failed",
        "processor_response": "Approved by Financial Institution" if success else "Declined by Financial Institution",
    }
    world.store.save(transaction)


def find(world: World, identifier: str) -> Json | None:
    return world.store.get(KIND, identifier)


def of_reference(world: World, tx_ref: str) -> list[Json]:
    """Every try, newest first."""
    return world.store.select(KIND, [field_is("tx_ref", tx_ref)], newest_first=True)


def as_json(transaction: Json) -> Json:
    """As the API and the webhooks show it."""
    customer, currency = transaction["customer"], transaction["currency"]
    successful = transaction["status"] == "successful"
    return {
        **_common(transaction),
        "id": transaction["id"],
        "account_id": ACCOUNT_ID,
        **DETAILS[transaction["payment_type"]],
        "meta": transaction["meta"],
        "amount_settled": major(transaction["amount"] - transaction["app_fee"], currency) if successful else 0,
        "customer": {
            "id": customer["id"],
            "name": customer.get("name", "Anonymous customer"),
            "phone_number": customer.get("phonenumber", "N/A"),
            "email": customer["email"],
            "created_at": moment(customer["created"]),
        },
    }


def _as_line(transaction: Json) -> Json:
    """As lists show it, where ids are texts."""
    successful = transaction["status"] == "successful"
    settled = major(transaction["amount"] - transaction["app_fee"], transaction["currency"])
    return {
        **_common(transaction),
        "id": str(transaction["id"]),
        "amount_settled": settled if successful else None,
        "customer_name": transaction["customer"].get("name", "Anonymous customer"),
        "customer_email": transaction["customer"]["email"],
        "account_id": str(ACCOUNT_ID),
    }


def _common(transaction: Json) -> Json:
    amount = major(transaction["amount"], transaction["currency"])
    return {
        "tx_ref": transaction["tx_ref"],
        "flw_ref": transaction["flw_ref"],
        "device_fingerprint": "N/A",
        "amount": amount,
        "currency": transaction["currency"],
        "charged_amount": amount,
        "app_fee": major(transaction["app_fee"], transaction["currency"]),
        "merchant_fee": 0,
        "processor_response": transaction["processor_response"],
        "auth_model": AUTH_MODELS[transaction["payment_type"]],
        "ip": "127.0.0.1",
        "narration": "Sandbox transaction",
        "status": transaction["status"],
        "payment_type": transaction["payment_type"],
        "created_at": moment(transaction["created"]),
    }


def verify(world: World, call: Call) -> Json:
    transaction = find(world, call.path["id"])
    if transaction is None:
        raise _none()
    return {"data": as_json(transaction)}


def verify_by_reference(world: World, call: Call) -> Json:
    """The newest try of the reference, whatever became of those before it."""
    found = of_reference(world, call.fields["tx_ref"])
    if not found:
        raise _none()
    return {"data": as_json(found[0])}


def list_all(world: World, call: Call) -> Json:
    conditions = lists.equal(call.fields, "tx_ref", "currency", "status")
    return lists.page(world, KIND, call.fields, conditions=conditions, shown=_as_line)


def _none() -> FlutterwaveError:
    return FlutterwaveError("No transaction was found for this id")


OPERATIONS = (
    Operation(
        "GET",
        "/v3/transactions/verify_by_reference",
        "Transaction fetched successfully",
        verify_by_reference,
        Fields({"tx_ref": fields.text}, required=("tx_ref",)),
    ),
    Operation("GET", "/v3/transactions/{id}/verify", "Transaction fetched successfully", verify),
    Operation(
        "GET",
        "/v3/transactions",
        "Transactions fetched",
        list_all,
        Fields(
            {
                **lists.PARAMETERS,
                "tx_ref": fields.text,
                "currency": fields.currency,
                "status": fields.choice("successful", "failed", "pending"),
            },
            unsupported=frozenset({"customer_email", "customer_fullname"}),
        ),
    ),
)
