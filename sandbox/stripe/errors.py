"""Stripe's error object: https://docs.stripe.com/api/errors"""

from sandbox.store import Json


class StripeError(Exception):
    """An answer that is an error. `param` names the parameter in Stripe's bracket notation."""

    status = 400
    type = "invalid_request_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        error_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status or type(self).status
        self.type = error_type or type(self).type

    def as_json(self, request_log_url: str) -> Json:
        error: Json = {"message": self.message, "type": self.type, "request_log_url": request_log_url}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


class UnauthorizedError(StripeError):
    status = 401


class IdempotencyConflictError(StripeError):
    """The key belongs to another request."""

    type = "idempotency_error"


class NotImplementedHereError(StripeError):
    """Stripe can do this, the sandbox cannot: said aloud, so that nobody takes silence for success."""

    def __init__(self, what: str, *, param: str) -> None:
        super().__init__(f"Stripe knows {what}, but this sandbox does not implement it.", param=param)


def missing(noun: str, identifier: str, *, param: str, status: int = 404) -> StripeError:
    """404 for the object that a path names, 400 for one that a parameter names."""
    return StripeError(f"No such {noun}: '{identifier}'", code="resource_missing", param=param, status=status)


class NotPossibleError(Exception):
    """Asked for behind the scenes, not through the API: what it is about is in no state for that; the text says why."""
