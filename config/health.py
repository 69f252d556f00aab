"""GET /health/live and /health/ready. Only a dead database makes the service unready; the rest is degradation."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from core import valkey
from core.models import JobRun
from core.readings import queue_lengths

# Every worker does a job a minute; two of them missed means that worker, beat or broker stand still.
_JOB_SILENCE = timedelta(seconds=150)


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """What the process needs, each `ok` or `down`, and how many tasks wait by queue; 503 only without the database."""
    waiting = _waiting()
    report = {
        "database": _state(_database),
        "cache": _state(_cache),
        "broker": "down" if waiting is None else "ok",
        "worker": _state(_worker),
        "waiting": waiting,
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


def _waiting() -> dict[str, int] | None:
    """How many tasks wait in each queue; None without a broker."""
    try:
        return queue_lengths() if settings.REDIS_URL else None
    except RedisError:
        return None


def _worker() -> bool:
    return JobRun.objects.filter(started_at__gte=timezone.now() - _JOB_SILENCE).exists()
