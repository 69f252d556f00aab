"""One error format: any exception becomes application/problem+json (RFC 9457) with a stable code, in this one place."""

from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from core.correlation import current_id
from core.errors import FieldsInvalid, NotFound, PayloadTooLarge, Problem

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

_FRAMEWORK_CODES: dict[type[Exception], tuple[str, str]] = {
    exceptions.ParseError: ("validation_error", "The body cannot be read."),
    exceptions.NotAuthenticated: ("not_authenticated", "Sign in first."),
    exceptions.AuthenticationFailed: ("token_invalid", "The token is not valid."),
    exceptions.PermissionDenied: ("permission_denied", "Not allowed."),
    exceptions.NotFound: ("not_found", "Not found."),
    exceptions.MethodNotAllowed: ("method_not_allowed", "This method is not offered here."),
    exceptions.NotAcceptable: ("validation_error", "The answer is offered as JSON only."),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", "Send JSON."),
    exceptions.Throttled: ("rate_limited", "Too many requests."),
}


def problem(status: int, code: str, title: str, detail: str = "", **members: Any) -> dict[str, Any]:
    """The members of a problem document."""
    return {
        "type": f"urn:berth:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        "correlation_id": current_id(),
        **members,
    }


def document(error: Problem) -> dict[str, Any]:
    """The problem document of one of our own errors."""
    return problem(error.status, error.code, error.title, error.detail, **error.members)


def answer_with_problem(error: Exception, context: dict[str, Any]) -> Response:
    """The REST framework's exception handler. Unknown exceptions are logged and answered without their text."""
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.ValidationError):
        error = FieldsInvalid(field_errors(error.detail))
    elif isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = PayloadTooLarge()

    if isinstance(error, Problem):
        body = document(error)
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        if wait := error.members.get("retry_after"):
            headers["Retry-After"] = str(wait)
        if error.status >= 500:
            log.error("request_failed", code=error.code, detail=error.detail)
    elif isinstance(error, exceptions.APIException):
        code, title = _FRAMEWORK_CODES.get(type(error), ("internal_error", "Something went wrong."))
        body = problem(error.status_code, code, title, str(error.detail))
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    else:
        log.error("request_crashed", exc_info=error)
        body = problem(500, "internal_error", "Something went wrong.", "It was logged under the correlation id.")
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def field_errors(detail: Any, prefix: str = "") -> list[dict[str, str]]:
    """The REST framework's nested error details as a flat list; `passengers.0.seat` names an inner field."""
    if isinstance(detail, dict):
        return [
            row
            for name, inner in detail.items()
            for row in field_errors(inner, prefix if name == "non_field_errors" else f"{prefix}.{name}".strip("."))
        ]
    if isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        return [
            row for index, inner in enumerate(detail) for row in field_errors(inner, f"{prefix}.{index}".strip("."))
        ]
    details = detail if isinstance(detail, list) else [detail]
    return [
        {"field": prefix or "body", "code": str(getattr(one, "code", "invalid")), "message": str(one)}
        for one in details
    ]


def problem_response(error: Problem) -> JsonResponse:
    """A problem document from a plain Django view."""
    return JsonResponse(document(error), status=error.status, content_type=CONTENT_TYPE)


def is_machine_path(request: HttpRequest) -> bool:
    """Whether the caller is a program, which gets a problem document and no page."""
    return request.path.startswith(("/api/", "/webhooks/", "/health/"))
