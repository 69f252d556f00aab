"""Flutterwave's answers that are errors: developer.flutterwave.com/docs/errors."""

from typing import Any

from sandbox.store import Json


class FlutterwaveError(Exception):
    """An answer that is an error."""

    def __init__(self, message: str, *, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.data = data

    def as_json(self) -> Json:
        return {"status": "error", "message": self.message, "data": self.data}


class NotImplementedHereError(FlutterwaveError):
    """Flutterwave can do this, the sandbox cannot: said aloud, so that nobody takes silence for success."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Flutterwave knows {what}, but this sandbox does not implement it.")
