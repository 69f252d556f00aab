"""GET /metrics, in Prometheus' text format. In production only for whoever knows a token of METRICS_TOKEN."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core import metrics


def tell(request: HttpRequest) -> HttpResponse:
    """What this process's folder has counted, and how things stand."""
    if not _may_ask(request):
        raise Http404
    told = generate_latest(metrics.of_processes()) + generate_latest(metrics.standing())
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def _may_ask(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKENS:
        return not settings.PRODUCTION
    sent = request.headers.get("Authorization", "").encode()
    return any(hmac.compare_digest(sent, f"Bearer {token}".encode()) for token in settings.METRICS_TOKENS)
