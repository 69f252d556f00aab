"""Errors that reach a caller: one class per kind, each with a stable code and HTTP status (docs/api.md lists them).

Every app has a root of its own below Problem; core.api.problems turns any of them into application/problem+json.
"""

from typing import Any, ClassVar


class Problem(Exception):
    """Something the caller did, asked for or met that has a name.

    `members` are RFC 9457 extension members, shown to the caller beside the detail.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong."

    def __init__(self, detail: str = "", **members: Any) -> None:
        self.detail = detail or self.title
        self.members = members
        super().__init__(self.detail)


class CoreError(Problem):
    """Root of the errors that core itself raises."""


class FieldsInvalid(CoreError):
    """The request's body or parameters do not fit; each error names its field."""

    code, status, title = "validation_error", 400, "The request is not valid."

    def __init__(self, errors: list[dict[str, str]], detail: str = "") -> None:
        super().__init__(detail or "; ".join(f"{error['field']}: {error['message']}" for error in errors[:3]))
        self.errors = errors
        self.members = {"errors": errors}


class NotFound(CoreError):
    """No such thing, or none that this caller may know of."""

    code, status, title = "not_found", 404, "Not found."


class InvalidState(CoreError):
    """The thing is in a state that does not allow this; `state` tells which."""

    code, status, title = "invalid_state", 409, "Not possible in the present state."


class IdempotencyKeyMissing(CoreError):
    """This operation needs an Idempotency-Key header of 1 to 255 printable ASCII characters."""

    code, status, title = "idempotency_key_missing", 400, "An Idempotency-Key header is needed."


class IdempotencyInProgress(CoreError):
    """The first request with this key has not been answered yet."""

    code, status, title = "idempotency_in_progress", 409, "The first request with this key is still running."


class IdempotencyPayloadMismatch(CoreError):
    """The key was used before with another request."""

    code, status, title = "idempotency_payload_mismatch", 422, "This key belongs to another request."


class PayloadTooLarge(CoreError):
    """The body is larger than the service reads."""

    code, status, title = "payload_too_large", 413, "The body is too large."


class RateLimited(CoreError):
    """This was done too often by one user or from one network; `retry_after` tells the seconds to wait."""

    code, status, title = "rate_limited", 429, "Too many requests."

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Try again in {retry_after} seconds.", retry_after=retry_after)


def invalid(field: str, code: str, message: str) -> FieldsInvalid:
    """A FieldsInvalid about one field."""
    return FieldsInvalid([{"field": field, "code": code, "message": message}])
