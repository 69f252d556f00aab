"""What is asked of Valkey, as the server's own MONITOR tells it: nothing that takes longer the more there is in it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from bookings.actions.close_trip import close_trip
from bookings.actions.reopen_trip import reopen_trip
from core import jobs
from tests.api.conftest import Api
from tests.world import hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db(transaction=True)
# They look at every key there is, or empty everything.
NEVER = {"KEYS", "SCAN", "SSCAN", "HSCAN", "ZSCAN", "FLUSHDB", "FLUSHALL", "DBSIZE", "RANDOMKEY", "SORT"}
END = "the end of what is watched"


@contextmanager
def watching() -> Iterator[list[str]]:
    """The names of the commands that reach the server meanwhile, but for other databases of it, which other tests have.

    Whole once the block is left.
    """
    told: list[str] = []
    with (
        Redis.from_url(settings.REDIS_URL) as watcher,
        Redis.from_url(settings.REDIS_URL) as speaker,
        watcher.monitor() as monitor,
    ):
        own = str(speaker.get_connection_kwargs()["db"])
        yield told
        speaker.echo(END)
        for heard in monitor.listen():
            if END in heard["command"]:
                return
            if str(heard["db"]) == own:
                told.append(heard["command"].split()[0].upper())


def test_a_day_of_travellers_and_staff_never_looks_through_the_keys(settings):
    settings.RATE_LIMITS = dict.fromkeys(("search", "hold", "signin", "register", "password", "lookup"), (1000, 60))
    layla = make_user()
    layla.set_password("correct horse battery")
    layla.save()
    trip = make_trip()
    day = trip.service_date
    search = f"/api/v1/trips?origin=RUH&destination=JED&date={day}&passengers=1"
    client = Client()
    with watching() as told:
        for _again in range(3):
            assert client.get(search).status_code == 200
            client.get(f"/en/trips?origin=RUH&destination=JED&date={day}&passengers=1")
        close_trip(trip.pk, reason="storm")
        client.get(search)
        reopen_trip(trip.pk, reason="over")
        client.get(search)
        signed_in = {"email": layla.email, "password": "correct horse battery"}
        assert client.post("/api/v1/auth/token", signed_in, "application/json").status_code == 200
        client.post("/en/account/login/", {"login": layla.email, "password": "correct horse battery"})
        booking = {"trip": str(trip.pk), "origin": "RUH", "destination": "JED", "seats": ["1A"]}
        contact = {"contact": {"email": "layla@example.com"}}
        assert Api(layla).post("/bookings", booking | contact).status_code == 201
        hold_seats(trip, "1B")
        client.get(f"/api/v1/trips/{trip.pk}/seats?origin=RUH&destination=JED")
        client.get("/health/ready")
        client.get("/metrics")
        for job in ("drain_outbox", "expire_holds", "cleanup_idempotency", "cleanup_sessions", "cleanup_outbox"):
            jobs.run(job)
    assert {"GET", "SET"} <= set(told), "nothing was watched"
    assert set(told) & NEVER == set()


def test_the_watcher_would_have_told():
    with watching() as told, Redis.from_url(settings.REDIS_URL) as careless:
        careless.keys("*")
    assert "KEYS" in told


def test_what_is_forgotten_costs_one_write_however_much_it_is():
    from bookings.queries import SCHEDULE

    for number in range(200):
        SCHEDULE.get_or_compute(["many", number], lambda: "one of many")
    with watching() as told:
        SCHEDULE.forget()
    assert [command for command in told if command not in ("CLIENT", "SELECT", "HELLO", "AUTH", "ECHO")] == ["SET"]
    assert SCHEDULE.get_or_compute(["many", 7], lambda: "anew") == "anew"
