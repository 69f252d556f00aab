"""What an API call may carry, field by field, with the errors that Stripe raises for anything else.

A field turns the raw text of a form into a value: `field.read(raw, name)`. The wording of messages and the codes follow
https://docs.stripe.com/error-codes and what Stripe's users quote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from sandbox.money import CURRENCIES
from sandbox.stripe.errors import NotImplementedHereError, StripeError
from sandbox.stripe.forms import Raw

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class Field(Protocol):
    def read(self, raw: Raw, name: str) -> Any:
        """The value; raises StripeError."""


def _text(raw: Raw, name: str) -> str:
    if not isinstance(raw, str):
        raise StripeError(f"Invalid string: {raw}", param=name)
    if not raw:
        plain = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty "
            "value."
        )
        raise StripeError(plain, code="parameter_invalid_empty", param=name)
    return raw


@dataclass(frozen=True)
class Text:
    longest: int = 5000

    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        if len(text) > self.longest:
            shown = f"{text[:10]}...{text[-10:]}"
            raise StripeError(f"Invalid string: {shown}; must be at most {self.longest} characters", param=name)
        return text


@dataclass(frozen=True)
class Integer:
    least: int | None = None
    most: int | None = None

    def read(self, raw: Raw, name: str) -> int:
        text = _text(raw, name)
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise StripeError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
        value = int(text)
        if self.least is not None and value < self.least:
            plain = f"This value must be greater than or equal to {self.least}."
            raise StripeError(plain, code="parameter_invalid_integer", param=name)
        if self.most is not None and value > self.most:
            plain = f"This value must be less than or equal to {self.most}."
            raise StripeError(plain, code="parameter_invalid_integer", param=name)
        return value


@dataclass(frozen=True)
class Boolean:
    def read(self, raw: Raw, name: str) -> bool:
        text = _text(raw, name)
        if text not in ("true", "false"):
            raise StripeError(f"Invalid boolean: {text}", param=name)
        return text == "true"


@dataclass(frozen=True)
class Choice:
    """`unsupported` are Stripe's choices that the sandbox cannot honour."""

    values: tuple[str, ...]
    unsupported: tuple[str, ...] = ()

    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        if text in self.unsupported:
            raise NotImplementedHereError(f"{name}={text}", param=name)
        if text not in self.values:
            *others, last = (*self.values, *self.unsupported)
            listed = f"{', '.join(others)}, or {last}" if others else last
            raise StripeError(f"Invalid {name}: must be one of {listed}", param=name)
        return text


@dataclass(frozen=True)
class Url:
    longest: int = 5000

    def read(self, raw: Raw, name: str) -> str:
        text = Text(self.longest).read(raw, name)
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
            plain = "Invalid URL: An explicit scheme (such as https) must be provided."
            raise StripeError(plain, code="url_invalid", param=name)
        try:
            parts = urlsplit(text)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
        except ValueError:
            valid = False
        if not valid:
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
        return text


@dataclass(frozen=True)
class Email:
    def read(self, raw: Raw, name: str) -> str:
        text = Text(512).read(raw, name)
        if not EMAIL.fullmatch(text):
            raise StripeError(f"Invalid email address: {text}", code="email_invalid", param=name)
        return text


@dataclass(frozen=True)
class Currency:
    def read(self, raw: Raw, name: str) -> str:
        code = _text(raw, name).lower()
        if code not in CURRENCIES:
            plain = f"Invalid currency: {code}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}"
            raise StripeError(plain, param=name)
        return code


@dataclass(frozen=True)
class Metadata:
    """https://docs.stripe.com/api/metadata: up to 50 keys of 40 characters, values of 500.

    An empty value unsets its key: left out at creation, kept as empty in `changes` of what exists (see `changed`).
    """

    changes: bool = False
    keys: int = 50
    key_length: int = 40
    value_length: int = 500

    def read(self, raw: Raw, name: str) -> dict[str, str]:
        if raw == "":
            return {}
        if isinstance(raw, str):
            raise StripeError("Invalid object", param=name)
        if len(raw) > self.keys:
            raise StripeError(f"Metadata can have up to {self.keys} keys, but you've set {len(raw)}.", param=name)
        for key, value in raw.items():
            if not isinstance(value, str):
                raise StripeError("Metadata values must be strings.", param=f"{name}[{key}]")
            if len(key) > self.key_length:
                plain = f"Metadata keys can have up to {self.key_length} characters. Invalid key: {key}"
                raise StripeError(plain, param=name)
            if len(value) > self.value_length:
                plain = (
                    f"Metadata values can have up to {self.value_length} characters, but you passed in a value that is "
                    f"{len(value)} characters. Invalid value: {value}"
                )
                raise StripeError(plain, param=f"{name}[{key}]")
        return {key: value for key, value in raw.items() if isinstance(value, str) and (value or self.changes)}

    @staticmethod
    def changed(metadata: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
        """What an object's metadata becomes; no changes at all are an empty `metadata`, which unsets every key."""
        return {key: value for key, value in ({**metadata, **changes} if changes else {}).items() if value}


@dataclass(frozen=True)
class ListOf:
    item: Field
    most: int = 100

    def read(self, raw: Raw, name: str) -> list[Any]:
        if isinstance(raw, str) or not all(index.isdecimal() for index in raw):
            raise StripeError("Invalid array", param=name)
        if len(raw) > self.most:
            raise StripeError(f"Array too long: {name} can have at most {self.most} elements.", param=name)
        return [self.item.read(raw[index], f"{name}[{index}]") for index in sorted(raw, key=int)]


@dataclass(frozen=True)
class Gone:
    """A parameter that this API version refuses."""

    message: str
    code: str

    def read(self, raw: Raw, name: str) -> Any:
        raise StripeError(self.message, code=self.code, param=name)


@dataclass(frozen=True)
class Hash:
    """Named fields, read as a dictionary of those that were given. Stripe knows `unsupported`, the sandbox does not."""

    fields: Mapping[str, Field] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    unsupported: frozenset[str] = frozenset()

    def read(self, raw: Raw, name: str = "") -> dict[str, Any]:
        if isinstance(raw, str):
            raise StripeError("Invalid object", param=name)
        names = {key: f"{name}[{key}]" if name else key for key in (*raw, *self.required)}
        unknown = [names[key] for key in raw if key not in self.fields and key not in self.unsupported]
        if unknown:
            plural = "s" if len(unknown) > 1 else ""
            plain = f"Received unknown parameter{plural}: {', '.join(unknown)}"
            raise StripeError(plain, code="parameter_unknown", param=unknown[0])
        for key in raw:
            if key in self.unsupported:
                raise NotImplementedHereError(f"`{names[key]}`", param=names[key])
        for key in self.required:
            if key not in raw:
                raise StripeError(f"Missing required param: {names[key]}.", code="parameter_missing", param=names[key])
        return {key: self.fields[key].read(raw[key], names[key]) for key in raw}
