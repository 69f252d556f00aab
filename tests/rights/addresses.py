"""Every address that the service has, as Django's resolver knows them. Pages in two languages are one address."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.urls import get_resolver
from django.utils.translation import override

LANGUAGE = "/en/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def every_address() -> set[str]:
    """As tables write them: what differs stands in angle brackets, without language or converters."""
    with override("en"):
        return {_written(path) for path in _paths(get_resolver().url_patterns)}


def filled_in(address: str, values: dict[str, Any]) -> str:
    """The address with these values, as it is asked for."""
    path = re.sub(r"<(\w+)>", lambda name: quote(str(values[name[1]])), address)
    return LANGUAGE + path[1:] if _has_language(address) else path


def _paths(patterns: Any, path: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _paths(pattern.url_patterns, here)
        else:
            yield here


def _written(path: str) -> str:
    path = f"/{path}"
    if path.startswith(LANGUAGE):
        path = path.replace(f"{LANGUAGE}{settings.ADMIN_PATH}", "/admin/", 1).replace(LANGUAGE, "/", 1)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", path)
    return _without_expressions(path)


def _without_expressions(path: str) -> str:
    """What is written as a regular expression has its groups by their names, too."""
    path = re.sub(r"\(\?P(<\w+>)(?:[^()\[\]]|\[[^\]]*\])*\)", r"\1", path)
    return path.replace("^", "").removesuffix("$").replace("(api|webhooks)/", "<machine>/")


def _has_language(address: str) -> bool:
    machines = ("/api/", "/webhooks/", "/<machine>/", "/health/", "/metrics", "/mails/")
    return not address.startswith(machines)
