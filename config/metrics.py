"""GET /metrics, in Prometheus' text format. In production only for whoever knows a token of METRICS_TOKEN."""

import hmac
from contextlib import suppress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest, start_http_server

from core import metrics


@require_safe
def tell(request: HttpRequest) -> HttpResponse:
    """How things stand; and what was counted here, unless that is told on a port of its own."""
    if not _may_ask(request):
        raise Http404
    told = generate_latest(metrics.standing())
    if not settings.METRICS_PORT:
        told = generate_latest(metrics.of_processes()) + told
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def tell_on_own_port() -> None:
    """Tell what is counted here on METRICS_PORT, if there is one: no balancer leads to a container of one's choice."""
    if settings.METRICS_PORT:
        with suppress(OSError):  # a sister process has it already, and tells of this one as well
            start_http_server(settings.METRICS_PORT, registry=metrics.of_processes())


def _may_ask(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKENS:
        return not settings.PRODUCTION
    sent = request.headers.get("Authorization", "").encode()
    return any(hmac.compare_digest(sent, f"Bearer {token}".encode()) for token in settings.METRICS_TOKENS)
