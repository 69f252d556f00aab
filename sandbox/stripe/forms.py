"""Form bodies and query strings in Stripe's bracket notation: `line_items[0][price_data][currency]=sar`."""

import re
from urllib.parse import parse_qsl

from sandbox.stripe.errors import StripeError

Raw = str | dict[str, "Raw"]

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
BRACKET = re.compile(r"\[([^\[\]]*)\]")
MOST_FIELDS = 10_000


def decode(encoded: bytes) -> dict[str, Raw]:
    """Nested dictionaries of strings. An array is a dictionary whose keys are its indices; `a[]` takes the next one.

    Raises StripeError for text that is no UTF-8, and for a name that is a value and a container at once.
    """
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise StripeError(f"Invalid request (the parameters could not be decoded: {error}).") from error
    decoded: dict[str, Raw] = {}
    for name, value in pairs:
        _put(decoded, name, value)
    return decoded


def _put(decoded: dict[str, Raw], name: str, value: str) -> None:
    match = NAME.fullmatch(name)
    if match is None:
        raise StripeError(f"Invalid request (cannot read the parameter name {name!r}).", param=name)
    *parents, last = [match[1], *BRACKET.findall(match[2])]
    container = decoded
    for key in parents:
        inner = container.setdefault(_index(container, key), {})
        if isinstance(inner, str):
            raise StripeError("Invalid object", param=name)
        container = inner
    last = _index(container, last)
    if isinstance(container.get(last), dict):
        raise StripeError(f"Invalid string: {container[last]}", param=name)
    container[last] = value


def _index(container: dict[str, Raw], key: str) -> str:
    return key or str(len(container))
