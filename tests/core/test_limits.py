"""Limits: counted in Valkey by all processes together, and by each for itself while that is lost."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from redis import Redis

from config.environment import rate_limits
from core import limits, valkey
from core.errors import RateLimited
from core.limits import give_back, take, where
from tests.races.valkey import valkey_server


@pytest.fixture(autouse=True)
def limited(settings):
    settings.RATE_LIMITS = {"hold": (3, 60), "search": (1, 60)}


@pytest.fixture
def by_itself(settings):
    """No Valkey: what is left is the library's counting in this process, whose clock can be turned."""
    settings.REDIS_URL = ""
    limits._own.cache_clear()


def taken(name: str, by: str, times: int) -> int:
    """How many of so many uses are allowed."""
    allowed = 0
    for _use in range(times):
        try:
            take(name, by)
        except RateLimited:
            continue
        allowed += 1
    return allowed


def test_so_many_uses_are_allowed_and_the_next_is_told_how_long_to_wait():
    assert taken("hold", "user:1", 3) == 3
    with pytest.raises(RateLimited) as refused:
        take("hold", "user:1")
    assert 1 <= refused.value.members["retry_after"] <= 60


def test_others_and_other_limits_are_counted_apart():
    taken("hold", "user:1", 4)
    assert taken("hold", "user:2", 4) == 3
    assert taken("search", "user:1", 4) == 1


def test_given_back_they_are_all_free_again():
    taken("hold", "user:1", 4)
    give_back("hold", "user:1")
    assert taken("hold", "user:1", 4) == 3


@pytest.mark.usefixtures("by_itself")
def test_who_waits_as_long_as_told_is_let_in():
    with time_machine.travel(datetime(2031, 5, 6, 7, 8, tzinfo=UTC), tick=False) as clock:
        for _use in range(3):
            take("hold", "user:1")
            clock.shift(timedelta(seconds=10))
        waited = []
        for _turn in range(4):
            with pytest.raises(RateLimited) as refused:
                take("hold", "user:1")
            waited.append(refused.value.members["retry_after"])
            clock.shift(timedelta(seconds=waited[-1]))
            take("hold", "user:1")
    assert waited == [31, 10, 10, 41]  # until the oldest of three is more than a minute old


@pytest.mark.usefixtures("by_itself")
def test_in_no_minute_more_than_the_limit_gets_through():
    with time_machine.travel(datetime(2031, 5, 6, 7, 8, tzinfo=UTC), tick=False) as clock:
        allowed = []
        for second in range(600):
            allowed += [second] * taken("hold", "user:1", 2)
            clock.shift(timedelta(seconds=1))
    assert max(sum(begin <= second < begin + 60 for second in allowed) for begin in range(540)) == 3
    assert len(allowed) == 30


def test_all_processes_count_together_and_the_counters_pass(settings):
    """Another process is another set of counters over the same server."""
    assert taken("hold", "user:1", 2) == 2
    limits._shared.cache_clear()
    assert taken("hold", "user:1", 2) == 1
    with Redis.from_url(settings.REDIS_URL) as server:
        kept = server.keys(f"{settings.CACHE_PREFIX}:limits:*")
        assert kept
        assert all(0 < server.ttl(key) <= 60 for key in kept)


def test_a_lost_valkey_leaves_each_process_a_limit_of_its_own(settings, monkeypatch):
    limits._own.cache_clear()
    with valkey_server() as server:
        settings.REDIS_URL = server.url
        known = valkey.Valkey(lambda: True)
        monkeypatch.setattr(valkey, "server", known)
        monkeypatch.setattr(known, "_wait_for_it", lambda: None)
        assert taken("hold", "user:1", 2) == 2
        server.kill()
        assert taken("hold", "user:1", 9) == 3


def test_switched_off_there_are_none(settings):
    settings.RATE_LIMITS = {}
    assert taken("hold", "user:1", 100) == 100
    give_back("hold", "user:1")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # who has one of them has all of them
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_visitors_are_told_apart_by_what_they_cannot_change(first, second, same):
    one, other = (where(RequestFactory().get("/", REMOTE_ADDR=address)) for address in (first, second))
    assert (one == other) == same


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", {"hold": (60, 60), "signin": (10, 60), "password": (10, 900)}),
        ("hold=5/s, signin=7/30m", {"hold": (5, 1), "signin": (7, 1800), "search": (600, 60)}),
    ],
)
def test_limits_are_read_from_the_environment(monkeypatch, given, read):
    monkeypatch.setenv("RATE_LIMITS", given)
    known = rate_limits()
    assert {name: known[name] for name in read} == read


@pytest.mark.parametrize(
    "given", ["hold", "hold=5", "hold=0/m", "hold=5/y", "holds=5/m", "hold=5/m;pay=1/m", "hold=-1/m"]
)
def test_limits_that_cannot_be_read_are_refused(monkeypatch, given):
    monkeypatch.setenv("RATE_LIMITS", given)
    with pytest.raises(ImproperlyConfigured, match="RATE_LIMITS"):
        rate_limits()
