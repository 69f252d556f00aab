"""Django's cache: Valkey's, and while that is lost each process's own, so that what relies on a cache goes on."""

from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache

from core import valkey


class Cache(RedisCache):
    """A process's own cache knows nothing of the others': what lives there is short-lived or can be computed anew."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        own = {name: value for name, value in params.items() if name != "OPTIONS"}
        self._own = LocMemCache("while Valkey is lost", {**own, "MAX_ENTRIES": 10_000})

    @property
    def client(self) -> Any:
        """Where calls go just now."""
        return self._own if valkey.server.is_lost else super().client

    def _get(self, key: str, default: Any, version: int | None, client: Any) -> Any:
        # The one call that django-redis hands on with an argument of its own.
        if valkey.server.is_lost:
            return self._own.get(key, default, version)
        return super()._get(key, default, version, client)
