"""Sentry and a trace collector are told over HTTP, if they are configured, and neither learns a secret."""

import gzip
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.services import ROOT


@pytest.fixture
def listener():
    """A server that keeps what is sent to it: (path, body) in order."""
    heard = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self):  # the name that the library asks for
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.heard = heard
    yield server
    server.shutdown()
    server.server_close()


def run(program: str, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "ALLOWED_HOSTS": "testserver", **environment},
        timeout=60,
        check=True,
    )


FAULTS = """
import sentry_sdk, structlog
from config.wsgi import application
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from config import urls
from core import jobs
from core.correlation import correlated

@csrf_exempt
def crash(request, key):
    card = request.POST["card"]
    raise RuntimeError("for layla.h@example.com")

urls.urlpatterns.insert(0, path("account/password/reset/key/<str:key>/", crash))
where = "/account/password/reset/key/secret-of-the-link/?key=secret-of-the-booking"
cookie = {"Cookie": "sessionid=secret-of-the-session"}
request = RequestFactory().post(where, {"card": "4242424242424242"}, headers=cookie)
statuses = []
list(application(request.environ, lambda status, headers: statuses.append(status)))
assert statuses == ["500 Internal Server Error"]

log = structlog.get_logger("core.test")
with correlated("a-job-of-ours"):
    try:
        raise ValueError("sk_live_0123456789")
    except ValueError:
        log.exception("job_failed", job="drain_outbox")
    log.warning("nothing to tell")
sentry_sdk.flush(10)
"""


def test_sentry_is_told_of_faults_under_their_correlation_id_and_of_no_secret(listener):
    run(FAULTS, SENTRY_DSN=f"http://public@127.0.0.1:{listener.server_port}/7")

    assert {path for path, _ in listener.heard} == {"/api/7/envelope/"}
    told = [json.loads(line) for _, body in listener.heard for line in body.splitlines() if b'"exception"' in line]
    crashed, failed = told
    assert crashed["exception"]["values"][-1]["value"] == "for l***@example.com"
    assert crashed["request"]["url"].endswith("/account/password/reset/key/***/")
    assert len(crashed["tags"]["correlation_id"]) == 32
    assert (failed["exception"]["values"][-1]["type"], failed["tags"]["correlation_id"]) == (
        "ValueError",
        "a-job-of-ours",
    )
    whole = b"".join(body for _, body in listener.heard)
    for secret in (b"secret-of-", b"4242424242424242", b"layla.h", b"0123456789"):
        assert secret not in whole


TRACED = """
from config.wsgi import application
from django.test import Client
from opentelemetry import trace

Client().get("/health/ready?key=secret-of-the-booking", headers={"X-Correlation-ID": "from-the-caller"})
trace.get_tracer_provider().shutdown()
"""


def test_a_collector_is_told_of_requests_and_their_statements_under_the_correlation_id(listener):
    run(TRACED, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{listener.server_port}")

    ((path, body),) = listener.heard
    assert path == "/v1/traces"
    assert b"secret-of-" not in body
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == "berth"
    spans = [span for scope in resource.scope_spans for span in scope.spans]
    (request,) = [span for span in spans if span.name.startswith("GET")]
    attributes = {one.key: one.value.string_value for one in request.attributes}
    assert attributes["berth.correlation_id"] == "from-the-caller"
    assert attributes["http.target"] == "/health/ready"
    statements = [span for span in spans if span.parent_span_id == request.span_id]
    assert statements, "the statements belong to their request"
    assert {span.trace_id for span in statements} == {request.trace_id}


def test_without_either_nobody_is_told(listener):
    quiet = {"SENTRY_DSN": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    run(FAULTS, **quiet)
    run(TRACED.replace("trace.get_tracer_provider().shutdown()", ""), **quiet)
    assert listener.heard == []
