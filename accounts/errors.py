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


class AccessTokenInvalid(AccountsError):
    """The access token names a user who is gone or may no longer sign in."""

    code, status, title = "token_invalid", 401, "The access token is not valid."


class RefreshTokenInvalid(AccountsError):
    """The refresh token is unknown, expired or signed out."""

    code, status, title = "token_invalid", 401, "The refresh token is not valid."


class RefreshTokenReused(AccountsError):
    """The refresh token was exchanged before, so someone holds a copy: its device has been signed out."""

    code, status, title = "token_reused", 401, "The refresh token was used before; the device has been signed out."
