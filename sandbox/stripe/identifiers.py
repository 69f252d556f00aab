"""Random identifiers that look like Stripe's."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits

# A checkout session's id is longer than the others.
LENGTHS = {"cs_test": 58, "req": 14}


def new_id(prefix: str) -> str:
    """Such as `pi_` and 24 letters or digits."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(LENGTHS.get(prefix, 24)))}"
