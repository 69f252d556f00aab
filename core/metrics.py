"""What Prometheus is told: what processes have counted and timed, and how things stand at the moment of asking.

Each counter is declared where it counts, the readings in each app's `readings.py`. Counts and times are a process's
own; processes that share PROMETHEUS_MULTIPROC_DIR are told of as one. How things stand comes from the database and
the broker, so every process tells the same of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, QuerySet
from prometheus_client import REGISTRY, CollectorRegistry, Counter, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core.clock import BerthNow

log = structlog.get_logger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, and nobody asks for it

Reading = Callable[[], Iterable[Metric]]
_readings: dict[str, Reading] = {}


def reading(read: Reading) -> Reading:
    """Declare a function that tells how things stand. It must cost the same however much history there is."""
    _readings[f"{read.__module__}.{read.__name__}"] = read
    return read


def gauge(name: str, about: str, value: float) -> Metric:
    """One figure."""
    return GaugeMetricFamily(name, about, value=value)


def gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    """A figure for each value of a label."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


def count_and_age(waiting: QuerySet[Any], since: str = "created_at") -> tuple[int, float]:
    """How many rows wait, and for how many seconds the first of them has, by the column that says since when."""
    told = waiting.aggregate(count=Count("pk"), age=Max(BerthNow() - F(since)))
    return told["count"], (told["age"] or timedelta()).total_seconds()


def count_after_commit(counter: Counter) -> None:
    """Count something once the transaction that does it is committed."""
    transaction.on_commit(counter.inc, robust=True)


class _Standing(Collector):
    """Every reading; one that fails is told of, and takes no other with it."""

    def collect(self) -> Iterator[Metric]:
        """What each reading tells, and which of them failed."""
        failed = dict.fromkeys(_readings, 0.0)
        for name, read in _readings.items():
            try:
                told = list(read())
            except Exception:  # whatever is the matter, the rest is of all the more interest
                log.exception("reading_failed", reading=name)
                failed[name] = 1.0
            else:
                yield from told
        yield gauges("berth_reading_failed", "Readings without which this answer is incomplete", "reading", failed)


def of_processes() -> CollectorRegistry:
    """What the processes that share our folder have counted, or this one alone if it shares none."""
    if not settings.METRICS_FOLDER:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def standing() -> CollectorRegistry:
    """How things stand now."""
    registry = CollectorRegistry()
    registry.register(_Standing())
    return registry
