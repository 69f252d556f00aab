"""The correlation id: one name for everything that one request or job causes, from the browser to the gateway."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from core.actors import acting_as

log = structlog.get_logger(__name__)

HEADER = "X-Correlation-ID"
REQUESTS = Histogram("berth_request_seconds", "Requests answered", ["route", "method", "status"])
_QUIET = ("/health/", "/metrics", "/static/")  # asked every few seconds, or without interest
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("correlation_id", default="")


def new_id() -> str:
    """A fresh correlation id."""
    return uuid.uuid4().hex


def current_id() -> str:
    """The id of what is going on; empty outside requests and jobs."""
    return _current.get()


@contextmanager
def correlated(correlation_id: str = "") -> Iterator[str]:
    """Run a block under a correlation id (a new one if none is given); log lines inside carry it."""
    correlation_id = correlation_id or new_id()
    token = _current.set(correlation_id)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            yield correlation_id
    finally:
        _current.reset(token)


class CorrelationMiddleware:
    """Takes the caller's id if it is well formed, names the acting user, and tells the id in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get(HEADER, "")
        with (
            correlated(asked if _ACCEPTED.fullmatch(asked) else "") as correlation_id,
            acting_as(lambda: _user_of(request)),
        ):
            started = time.perf_counter()
            response = self.get_response(request)
            if not request.path.startswith(_QUIET):
                _note(request, response, time.perf_counter() - started)
        response[HEADER] = correlation_id
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    log.info(
        "request",
        method=request.method,
        path=request.path,  # and no query: it may hold a booking's key
        status=response.status_code,
        ms=round(seconds * 1000, 1),
    )
    # Nothing that a caller can make up, or there were series without end.
    route = request.resolver_match.route if request.resolver_match else "none"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(route, method, response.status_code).observe(seconds)


def _user_of(request: HttpRequest) -> str:
    # The REST framework puts the user that it authenticated onto this same request.
    user = getattr(request, "user", None)
    return f"user:{user.pk}" if user is not None and user.is_authenticated else "guest"
