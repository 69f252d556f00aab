"""What accounts refuses, each with its stable code."""

from django.utils.translation import gettext

from core.errors import FieldsInvalid, Problem


class AccountsError(Problem):
    """Root of the errors of accounts."""


class AddressTaken(AccountsError):
    """The e-mail address belongs to an account already."""

    code, status, title = FieldsInvalid.code, FieldsInvalid.status, FieldsInvalid.title

    def __init__(self) -> None:
        message = gettext("This address has an account.")
        super().__init__(message, errors=[{"field": "email", "code": "unique", "message": message}])


class WrongCredentials(AccountsError):
    """No account that may sign in has this e-mail address and this password; which of the two is not told."""

    code, status, title = "not_authenticated", 401, "The e-mail address or the password is wrong."


class AccountLocked(AccountsError):
    """So many passwords were tried for this account that nobody may try another for a while: `retry_after` seconds."""

    code, status, title = "account_locked", 429, "Too many passwords were tried."

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"The next try is possible in {retry_after} seconds.", retry_after=retry_after)


class SecondFactorNeeded(AccountsError):
    """The password is right, and the account has a second factor, of which no code or a wrong one was sent."""

    code, status, title = "second_factor_needed", 401, "A code of the second factor is needed."


class AccessTokenInvalid(AccountsError):
    """The access token names a user who is gone or may no longer sign in."""

    code, status, title = "token_invalid", 401, "The access token is not valid."


class RefreshTokenInvalid(AccountsError):
    """The refresh token is unknown, expired or signed out."""

    code, status, title = "token_invalid", 401, "The refresh token is not valid."


class RefreshTokenReused(AccountsError):
    """The refresh token was exchanged before, so someone holds a copy: its device has been signed out."""

    code, status, title = "token_reused", 401, "The refresh token was used before; the device has been signed out."
