"""What is answered when no view could: a problem document to programs, a page to people."""

from collections.abc import Callable
from http import HTTPStatus
from math import ceil

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from core.api import problems
from core.correlation import current_id
from core.errors import NotFound, Problem


@csrf_exempt  # programs have no form of ours to take a token from
def no_such_call(request: HttpRequest, _below: str) -> HttpResponse:
    """What programs get for an address below /api/ and /webhooks/ that is none, in development too."""
    return problems.problem_response(NotFound("There is nothing at this address."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if problems.is_machine_path(request):
        return problems.problem_response(NotFound("There is nothing at this address."))
    return render(request, "404.html", status=404)


def crashed(request: HttpRequest) -> HttpResponse:
    """500: the correlation id leads to the log."""
    structlog.get_logger(__name__).error("request_crashed", path=request.path)
    if problems.is_machine_path(request):
        body = problems.problem(500, "internal_error", "Something went wrong.")
        return JsonResponse(body, status=500, content_type=problems.CONTENT_TYPE)
    return render(request, "500.html", {"correlation_id": current_id()}, status=500)


class TooOftenMiddleware:
    """Whoever does something on a page too often reads how long to wait, with 429 and Retry-After."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django with what a view raised."""
        if not isinstance(error, Problem) or error.status != HTTPStatus.TOO_MANY_REQUESTS:
            return None
        seconds = error.members["retry_after"]
        context = {"code": error.code, "minutes": ceil(seconds / 60)}
        answer = render(request, "429.html", context, status=error.status)
        answer["Retry-After"] = str(seconds)
        return answer
