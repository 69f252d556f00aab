"""Whatever a request brings is read, also where no view asks for it.

A server can take the next request from a connection only when it has read all of this one. Granian closes the
connection otherwise, and whoever sends the next request on it meets a reset: an app that renews its token after a 401
to a POST, or that posts `{}` to a call that takes nothing.
"""

from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponse, UnreadablePostError

_LARGEST = 64 * 1024  # bytes; what a call of ours takes is smaller


class ReadTheRestMiddleware:
    """Reads the body that the views left. A large one is not worth it: the connection goes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if 0 < _length(request) <= _LARGEST:
            with suppress(UnreadablePostError):  # the client is gone, and with it the connection
                request.read()
        return response


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
