"""How often one may do something: RATE_LIMITS, counted in Valkey by all processes together.

While Valkey is lost each process counts for itself: more gets through than should, by the number of processes at most.
The counting is the library's (`limits`): it keeps the moment of each use as long as that counts.
"""

from collections.abc import Callable
from functools import cache
from math import floor
from time import time
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter as Counters
from prometheus_client import Counter
from redis.exceptions import RedisError

from core import valkey
from core.addresses import network_of
from core.errors import RateLimited

REFUSED = Counter("berth_limited", "Uses refused by a limit", ["limit"])

T = TypeVar("T")


def take(name: str, by: str) -> None:
    """Count one use of what the limit of this name is about. Raises RateLimited with the seconds until the next one."""
    if limit := _limit(name):
        wait = _with_counters(lambda counters: 0 if counters.hit(limit, name, by) else _wait(counters, limit, name, by))
        if wait:
            REFUSED.labels(name).inc()
            raise RateLimited(wait)


def give_back(name: str, by: str) -> None:
    """Forget all uses of it."""
    if limit := _limit(name):
        _with_counters(lambda counters: counters.clear(limit, name, by))


def who(request: HttpRequest) -> str:
    """Whose uses are counted together: the user's, or those of everybody in the visitor's network."""
    user_id = request.user.pk if request.user and request.user.is_authenticated else None
    return f"user:{user_id}" if user_id else where(request)


def where(request: HttpRequest) -> str:
    """The visitor's network alone: for whoever says only now who they are."""
    return f"network:{network_of(request)}"


def _limit(name: str) -> RateLimitItemPerSecond | None:
    if not settings.RATE_LIMITS:
        return None
    uses, seconds = settings.RATE_LIMITS[name]
    return RateLimitItemPerSecond(uses, seconds)


def _wait(counters: Counters, limit: RateLimitItemPerSecond, name: str, by: str) -> int:
    """Whole seconds until the oldest use counts no more."""
    return floor(counters.get_window_stats(limit, name, by).reset_time - time()) + 1


def _with_counters(work: Callable[[Counters], T]) -> T:
    if settings.REDIS_URL:
        try:
            with valkey.server.guarding():
                return work(_shared(settings.REDIS_URL))
        except RedisError:
            pass  # what it says was logged when it was lost
    return work(_own())


@cache
def _shared(url: str) -> Counters:
    storage = RedisStorage(
        url,
        key_prefix=f"{settings.CACHE_PREFIX}:limits",
        socket_connect_timeout=valkey.PATIENCE,
        socket_timeout=valkey.PATIENCE,
    )
    return Counters(storage)


@cache
def _own() -> Counters:
    return Counters(MemoryStorage())
