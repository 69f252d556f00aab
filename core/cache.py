"""A cache in versioned namespaces: everything in one is forgotten by changing its version, one write, no scan.

While Valkey is lost everything is computed: what one process forgot the others would go on to remember. When it is
back everything is forgotten, since it did not hear what was to be forgotten meanwhile.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.cache import cache
from prometheus_client import Counter

from core import valkey

LOOKUPS = Counter("berth_cache_lookups", "Lookups in the cache", ["namespace", "outcome"])

T = TypeVar("T")

_namespaces: list["Namespace"] = []


@dataclass(frozen=True)
class Namespace:
    """A family of cached values that live `seconds` and are forgotten together."""

    name: str
    seconds: int

    def __post_init__(self) -> None:
        _namespaces.append(self)

    def get_or_compute(self, parts: list[Any], compute: Callable[[], T]) -> T:
        """The cached value for these parts, or a freshly computed one."""
        if valkey.server.is_lost:
            LOOKUPS.labels(self.name, "lost").inc()
            return compute()
        key = self._key(parts)
        found = cache.get(key)
        if found is not None:
            LOOKUPS.labels(self.name, "hit").inc()
            value: T = found[0]
            return value
        LOOKUPS.labels(self.name, "miss").inc()
        value = compute()
        cache.set(key, (value,), self.seconds)
        return value

    def forget(self) -> None:
        """Forget every value: a new version, so that a reader who is computing stores under the old one."""
        cache.set(self._version_key, uuid.uuid4().hex, None)

    @property
    def _version_key(self) -> str:
        return f"{self.name}:version"

    def _key(self, parts: list[Any]) -> str:
        version = cache.get(self._version_key)
        if version is None:
            version = uuid.uuid4().hex
            if not cache.add(self._version_key, version, None):
                version = cache.get(self._version_key, version)
        digest = hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
        return f"{self.name}:{version}:{digest}"


def forget_everything() -> None:
    """Forget every value of every namespace."""
    for namespace in _namespaces:
        namespace.forget()


valkey.server.when_back(forget_everything)
