"""A Valkey that does not answer is waited for once, and missed by nobody who only wants to remember something."""

import os
import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from celery import current_app
from redis.exceptions import RedisError

from core import nudges, valkey
from core.cache import Namespace, forget_everything
from core.cache_backend import Cache
from tests.races.valkey import Valkey, valkey_server
from tests.services import wait_until


@pytest.fixture
def server(settings, monkeypatch) -> Iterator[Valkey]:
    """A server of the test's own, and what this process knows of it."""
    over = Event()
    known = valkey.Valkey(lambda: over.is_set() or valkey._answers())
    known.when_back(forget_everything)
    with valkey_server() as server:
        settings.REDIS_URL = server.url
        monkeypatch.setattr(valkey, "server", known)
        monkeypatch.setattr(valkey, "PAUSE", 0.05)
        yield server
    over.set()
    wait_until(lambda: not known.is_lost, "the thread that looks for it")


@pytest.fixture
def cache(settings, server) -> Cache:
    return Cache(server.url, {**settings.CACHES["default"], "KEY_PREFIX": f"test-{os.getpid()}-{time.monotonic_ns()}"})


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_a_server_that_stands_still_costs_one_time_out_and_then_nothing(server, cache):
    cache.set("a", 1)
    server.freeze()
    assert valkey.PATIENCE <= seconds(lambda: cache.get("a")) < 2 * valkey.PATIENCE
    assert valkey.server.is_lost
    assert seconds(lambda: [cache.get("a") for _time in range(100)]) < 0.05


def test_a_server_that_is_gone_costs_nothing(server, cache):
    server.kill()
    assert seconds(lambda: [cache.get("a") for _time in range(100)]) < 0.1


def test_meanwhile_each_process_remembers_for_itself(server, cache):
    server.kill()
    cache.get("a")
    cache.set("a", 1, 60)
    assert cache.get("a") == 1
    assert not cache.add("a", 2)
    assert cache.add("b", 2)
    assert cache.get_many(["a", "b"]) == {"a": 1, "b": 2}
    cache.delete("a")
    assert cache.get("a", "nothing") == "nothing"


def test_when_it_answers_again_it_is_asked_again(server, cache):
    cache.set("a", "before")
    server.freeze()
    cache.get("a")
    cache.set("a", "meanwhile")
    server.thaw()
    wait_until(lambda: not valkey.server.is_lost, "Valkey")
    assert cache.get("a") == "before"


def test_what_is_computed_from_tables_is_computed_anew_meanwhile_and_forgotten_afterwards(server, cache, monkeypatch):
    monkeypatch.setattr("core.cache.cache", cache)
    numbers = Namespace("numbers", seconds=60)
    counted = iter(range(10))

    def look() -> int:
        return numbers.get_or_compute(["a"], lambda: next(counted))

    assert [look(), look()] == [0, 0]
    server.freeze()
    assert [look(), look()] == [1, 2]
    numbers.forget()  # which the server does not hear
    server.thaw()
    wait_until(lambda: not valkey.server.is_lost and look() != 0, "the end of the old values")
    assert look() == 3


def test_a_nudge_waits_for_nobody_and_is_no_error_when_it_is_lost(server, monkeypatch):
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda task, **_how: sent.append(task))
    nudges.nudge("a", "emails")
    with pytest.raises(RedisError), valkey.server.guarding():
        server.kill()
        valkey.Client.from_url(server.url).ping()
    nudges.nudge("b", "emails")
    assert sent == ["a"]


def test_a_child_process_does_not_inherit_that_the_server_is_lost(server, cache):
    server.kill()
    cache.get("a")
    assert valkey.server.is_lost
    child = os.fork()
    if not child:
        os._exit(valkey.server.is_lost)
    assert os.waitpid(child, 0)[1] == 0
    assert valkey.server.is_lost
