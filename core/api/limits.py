"""Limits of the REST interface: a view says which of its methods are limited, by the limit's name."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core import limits


class Limits(BaseThrottle):
    """Counts a request against the limit that its view names for its method, as in `limits = {"POST": "hold"}`."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Raises RateLimited if it is one too many."""
        named: dict[str, str] = getattr(view, "limits", {})
        method = "GET" if request.method == "HEAD" else str(request.method)  # it costs as much
        if name := named.get(method):
            limits.take(name, limits.who(request))
        return True
