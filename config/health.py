"""GET /health/live and /health/ready. Only a dead database makes the service unready; the rest is degradation."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis import Redis

from core import valkey
from core.models import JobRun

# Every worker does a job a minute; two of them missed means that worker, beat or broker stand still.
_JOB_SILENCE = timedelta(seconds=150)


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """What the process needs, each `ok` or `down`; 503 only without the database."""
    report = {
        "database": _state(_database),
        "cache": _state(_cache),
        "broker": _state(_broker),
        "worker": _state(_worker),
    }
    return JsonResponse(report, status=200 if report["database"] == "ok" else 503)


def _state(probe: Callable[[], Any]) -> str:
    try:
        return "ok" if probe() else "down"
    except Exception:  # any failure of a probe means that its service cannot be used
        return "down"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def _cache() -> bool:
    cache = caches["default"]
    cache.set("health", "ok", 10)
    return bool(cache.get("health") == "ok") and not valkey.server.is_lost


def _broker() -> bool:
    if not settings.REDIS_URL:
        return False
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.25, socket_timeout=0.25) as broker:
        return bool(broker.ping())


def _worker() -> bool:
    return JobRun.objects.filter(started_at__gte=timezone.now() - _JOB_SILENCE).exists()
