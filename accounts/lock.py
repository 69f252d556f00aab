"""The lock of an account: after so many passwords (RATE_LIMITS, `password`) nobody can try another one for a while.

Tries are counted before the password is looked at, so that many at once are no way around it, and for addresses that
have no account, too, so that the lock does not tell which have one.
"""

import hashlib

from accounts.errors import AccountLocked
from core import limits
from core.errors import RateLimited


def count_try(email: str) -> None:
    """Another password is about to be tried. Raises AccountLocked, alike for an unknown address."""
    try:
        limits.take("password", _account(email))
    except RateLimited as error:
        raise AccountLocked(error.members["retry_after"]) from error


def open_again(email: str) -> None:
    """The owner came: forget the tries."""
    limits.give_back("password", _account(email))


def _account(email: str) -> str:
    # A digest: addresses are nobody's business in Valkey.
    return f"account:{hashlib.sha256(email.strip().lower().encode()).hexdigest()}"
