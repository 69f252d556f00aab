"""The fields of a call, in its JSON body or its query: read, checked, and refused in words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from sandbox.flutterwave.amounts import CURRENCIES
from sandbox.flutterwave.errors import FlutterwaveError, NotImplementedHereError

Reader = Callable[[str, Any], Any]
LONGEST_TEXT = 500
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Fields:
    """The fields that a call takes. A field that it does not know is refused: Flutterwave would swallow it."""

    known: Mapping[str, Reader] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    unsupported: frozenset[str] = frozenset()

    def read(self, given: Any, of: str = "") -> dict[str, Any]:
        """The values, without those that are null or, in a query, empty. Raises FlutterwaveError."""
        if not isinstance(given, dict):
            raise FlutterwaveError(f"{of or 'the request body'} must be an object")
        present = {name: value for name, value in given.items() if value not in (None, "")}
        for name in self.required:
            if name not in present:
                raise FlutterwaveError(f"{_path(of, name)} is required")
        for name in present:
            if name in self.unsupported:
                raise NotImplementedHereError(_path(of, name))
            if name not in self.known:
                raise FlutterwaveError(f"{_path(of, name)} is not a field of this call")
        return {name: self.known[name](_path(of, name), value) for name, value in present.items()}

    def __call__(self, name: str, value: Any) -> dict[str, Any]:
        """As a reader, for an object within."""
        return self.read(value, of=name)


def text(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise FlutterwaveError(f"{name} must be a text of at most {LONGEST_TEXT} characters")
    return value


def email(name: str, value: Any) -> str:
    if not EMAIL.fullmatch(text(name, value)):
        raise FlutterwaveError(f"{name} must be a valid email")
    return str(value)


def address(name: str, value: Any) -> str:
    parts = urlsplit(text(name, value))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise FlutterwaveError(f"{name} must be a valid url")
    return str(value)


def currency(name: str, value: Any) -> str:
    if value not in CURRENCIES:
        raise FlutterwaveError(f"{name} {value} is not supported")
    return str(value)


def amount(name: str, value: Any) -> Decimal:
    """A number or, as forms send it, the text of one; exact."""
    try:
        number = value if isinstance(value, Decimal) else Decimal(text(name, value))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise FlutterwaveError(f"{name} must be a number")
    return number


def whole(least: int, most: int) -> Reader:
    def read(name: str, value: Any) -> int:
        is_whole = not isinstance(value, bool) and re.fullmatch(r"\d{1,12}", str(value))
        if not is_whole or not least <= int(value) <= most:
            raise FlutterwaveError(f"{name} must be a whole number from {least} to {most}")
        return int(value)

    return read


def choice(*allowed: str) -> Reader:
    def read(name: str, value: Any) -> str:
        if value not in allowed:
            raise FlutterwaveError(f"{name} must be one of {', '.join(allowed)}")
        return str(value)

    return read


def day(name: str, value: Any) -> date:
    """`2026-11-21`, UTC."""
    try:
        return date.fromisoformat(text(name, value))
    except ValueError:
        raise FlutterwaveError(f"{name} must be a date such as 2026-11-21") from None


def anything(name: str, value: Any) -> dict[str, Any]:
    """A merchant's own object, handed back as it came."""
    if not isinstance(value, dict):
        raise FlutterwaveError(f"{name} must be an object")
    return value


def _path(of: str, name: str) -> str:
    return f"{of}.{name}" if of else name
