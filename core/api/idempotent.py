"""POSTs marked (K): the Idempotency-Key header around a view's work."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import current_actor
from core.api import problems
from core.errors import IdempotencyInProgress, Problem

REPLAYED = "Idempotent-Replayed"
KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 printable ASCII characters; a repeat with the same key gets the first answer again.",
)


def answer_once(
    request: Request, scope: str, body: Any, work: Callable[[idempotency.Claim], tuple[int, dict[str, Any]]]
) -> Response:
    """Do the work of a validated request once per user, scope and key, and answer with what it returns.

    `work` gets the claim, and completes it in its own transaction with the status and body that it returns. Refusals
    (Problem below 500) are stored and replayed; after any other failure the same request may begin again at once.
    """
    key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
    payload_hash = idempotency.request_hash(request.method or "", request.path, body)
    begun = idempotency.begin(scope, current_actor(), key, payload_hash)
    if isinstance(begun, idempotency.Replay):
        content_type = problems.CONTENT_TYPE if begun.status >= 400 else None
        return Response(begun.body, begun.status, headers={REPLAYED: "true"}, content_type=content_type)
    try:
        status, answer = work(begun)
    except IdempotencyInProgress:
        raise  # another request took over: the record is its own now
    except Problem as error:
        if error.status < 500 and error.status != 429:
            begun.fail(error.status, problems.document(error))
        else:
            begun.release()
        raise
    except Exception:
        begun.release()
        raise
    return Response(answer, status)
