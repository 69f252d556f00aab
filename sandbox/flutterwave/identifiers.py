"""Random identifiers that look like Flutterwave's."""

import secrets
from datetime import UTC, datetime


def new_id() -> int:
    """The number of a transaction, a refund or a customer."""
    return 100_000_000 + secrets.randbelow(900_000_000)


def new_ref() -> str:
    """Flutterwave's own reference of a transaction."""
    return f"FLW-MOCK-{secrets.token_hex(16)}"


def moment(timestamp: int) -> str:
    """`2020-07-15T14:31:16.000Z`"""
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
