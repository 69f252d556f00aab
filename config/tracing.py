"""Traces go to a collector where OTEL_EXPORTER_OTLP_ENDPOINT is set: requests, tasks, statements and gateway calls.

OpenTelemetry's own variables say the rest, such as which share of the traces is kept (OTEL_TRACES_SAMPLER).
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span

from core.correlation import HEADER
from core.logs import redacted


def begin() -> None:
    """Trace what this process does, if there is somebody to tell. To be called once, when it has forked."""
    if not settings.TRACES_GO_TO:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": "berth"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(request_hook=_without_query, response_hook=_with_correlation_id)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument()
    RequestsInstrumentor().instrument()


def _without_query(span: Span, request: HttpRequest) -> None:
    # It may hold a booking's key, and the path that of a forgotten password. Both of OpenTelemetry's ways to name them.
    path = redacted(request.path)
    address = request.build_absolute_uri(path)
    span.set_attributes({"http.url": address, "http.target": path, "url.path": path, "url.query": ""})


def _with_correlation_id(span: Span, request: HttpRequest, response: HttpResponse) -> None:
    span.set_attribute("berth.correlation_id", response[HEADER])
