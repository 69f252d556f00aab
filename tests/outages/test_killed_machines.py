"""SIGKILL for web, worker, beat, Valkey and PostgreSQL, one after the other and in pairs, while travellers buy.

OUTAGE_SECONDS says for how long, OUTAGE_SEED in which order; see docs/developer-reference.md.
"""

import os
import random
import time
from collections import Counter
from itertools import combinations

import pytest

from tests.outages import reckoning
from tests.outages.installation import Installation
from tests.outages.load import Load
from tests.races.travellers import travellers
from tests.world import make_trip

SECONDS = float(os.environ.get("OUTAGE_SECONDS", "30"))
SEED = int(os.environ.get("OUTAGE_SEED", "8"))
IN_FULL = 300  # from so many seconds on nothing is hurried up
TRAVELLERS = 10
AWAY = 1  # seconds that a machine is away
MACHINES = ("web", "worker", "beat", "Valkey", "PostgreSQL")
WORKER_PROCESSES = 2

pytestmark = pytest.mark.timeout(SECONDS + 600)


def outages(luck: random.Random) -> list[tuple[str, ...]]:
    """Every machine alone and every pair, in any order; if there is little time, only some of the pairs."""
    pairs = list(combinations(MACHINES, 2))
    order = [*combinations(MACHINES, 1), *luck.sample(pairs, len(pairs) if SECONDS >= IN_FULL else 3)]
    luck.shuffle(order)
    return order


def test_whatever_is_killed_nothing_is_lost_and_nothing_sold_twice(whole: Installation, record_property):
    trips = [make_trip("RUH", "MED", "JED", rows=50, number=f"T{number}") for number in range(2 + round(SECONDS / 20))]
    luck = random.Random(SEED)
    order = outages(luck)
    began, turn = time.monotonic(), SECONDS / len(order)
    with travellers(whole.url, TRAVELLERS) as people, Load(whole.sandbox, people, trips, SEED) as load:
        for number, names in enumerate(order):
            # Not by the beat of a minute: who asks again when a claim has stood for one would be killed again.
            whole.look_after(began + (number + luck.random() / 2) * turn - time.monotonic())
            whole.kill(names, AWAY)
        whole.look_after(began + SECONDS - time.monotonic())
        load.end()
        while load.is_going_on:
            whole.look_after(1)
            if SECONDS < IN_FULL:
                reckoning.let_time_pass()  # a minute, in which the claim of a killed request stands
    told = load.told
    assert told.surprises == []
    assert told.counts["bought"] >= len(order)
    reckoning.settle(whole)

    reckoning.assert_nothing_lost(told)
    reckoning.assert_nothing_sold_twice()
    reckoning.assert_gateway_agrees(whole)
    reckoning.assert_books_in_order()
    interrupted = sum(bool({"worker", "PostgreSQL"} & set(names)) for names in order)
    repeated = reckoning.assert_everybody_told(whole, told, at_most_repeated=interrupted * WORKER_PROCESSES)
    counts = {**told.counts, "e-mails sent again": repeated}
    counts |= {f"{name} ended by itself": times for name, times in Counter(whole.ended_by_themselves).items()}
    figures = ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items()))
    record_property("machines killed", f"{len(order)} times in {SECONDS:.0f} s: {figures}")
