"""A Valkey that takes connections and never answers: searches and holds take hardly longer than with a good one."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles
from time import perf_counter

import httpx
import pytest

from bookings.models import Trip
from tests.races.travellers import Traveller, travellers
from tests.races.valkey import Valkey, valkey_server
from tests.services import wait_until, web_server
from tests.world import make_trip

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3
CALLS = 100  # of each kind in each round, with and without Valkey
ALLOWED = 0.050  # seconds that the 95th percentile may grow by
COUNTED = "search=100000/m,hold=100000/m"  # limits that are kept in Valkey, and never reached
KINDS = ("search", "hold")


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with valkey_server() as server:
        yield server


def timed_calls(people: Sequence[Traveller], trip: Trip) -> dict[str, list[float]]:
    """Each searches and holds a seat; the seconds that it took, by kind."""
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    day = trip.service_date.isoformat()
    for number, traveller in enumerate(people):
        for kind in KINDS:
            began = perf_counter()
            if kind == "search":
                answer = traveller.get("trips", origin="RUH", destination="JED", date=day)
            else:
                answer = traveller.hold(trip, f"{number // 4 + 1}{'ABCD'[number % 4]}")
            seconds[kind].append(perf_counter() - began)
            assert answer.is_success, answer.text
    return seconds


def cache_is_used(url: str) -> bool:
    return httpx.get(f"{url}/health/ready", trust_env=False).json()["cache"] == "ok"


def p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def test_the_95th_percentile_of_searches_and_holds_grows_by_less_than_50_ms(sandbox, valkey, record_property):
    grown: dict[str, list[float]] = {kind: [] for kind in KINDS}
    told = []
    with web_server(REDIS_URL=valkey.url, RATE_LIMITS=COUNTED) as url, travellers(url, CALLS) as people:
        timed_calls(people[:20], make_trip(number="T0"))
        for number in range(ROUNDS):
            good, hung = (make_trip(rows=CALLS // 4, number=f"T{number}-{state}") for state in ("good", "hung"))
            with_it = timed_calls(people, good)
            valkey.freeze()
            without = timed_calls(people, hung)
            valkey.thaw()
            wait_until(lambda: cache_is_used(url), "Valkey to be used again")
            for kind in KINDS:
                before, after = p95(with_it[kind]), p95(without[kind])
                grown[kind].append(after - before)
                told.append(
                    f"{kind} {before * 1000:.0f} → {after * 1000:.0f} (longest {max(without[kind]) * 1000:.0f})"
                )
    record_property("p95 with Valkey and with one that hangs, ms", ", ".join(told))
    assert {kind: median(grown[kind]) < ALLOWED for kind in KINDS} == dict.fromkeys(KINDS, True), told
