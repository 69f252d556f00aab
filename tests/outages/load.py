"""Travellers who buy and give up seats all the time, and ask again, under the same key, until they are answered."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, Self

import httpx
from django.db import connections

from bookings.models import Trip
from tests.races.travellers import Traveller
from tests.services import Sandbox

STRETCHES = (("RUH", "JED"), ("RUH", "MED"), ("MED", "JED"))
CALL_IT_A_DAY = 200  # seconds in which a call has to be answered
ASK_AGAIN = 0.1  # seconds later
IMPATIENCE = 3  # seconds until somebody whose payment is not known asks what became of it


@dataclass
class Told:
    """What all of them together were told."""

    counts: Counter[str] = field(default_factory=Counter)
    confirmed: dict[str, float] = field(default_factory=dict)  # booking references, and when they were told
    cancelled: dict[str, int] = field(default_factory=dict)  # booking references, and the refund that was promised
    surprises: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1


class Load:
    """So many travellers, each on a thread of its own from entering the block to leaving it."""

    def __init__(self, sandbox: Sandbox, travellers: Sequence[Traveller], trips: Sequence[Trip], seed: int) -> None:
        self.told = Told()
        self._over = Event()
        self._wanted = [(trip, f"{row}{letter}") for trip in trips for row in range(1, 51) for letter in "ABCD"]
        self._luck = random.Random(seed)
        self._threads = [
            Thread(target=self._go_on, args=(Customer(one, sandbox, self.told),), daemon=True) for one in travellers
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(CALL_IT_A_DAY)

    @property
    def is_going_on(self) -> bool:
        """Whether somebody still is on the way."""
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Let all end the way they are on."""
        self._over.set()

    def _go_on(self, customer: "Customer") -> None:
        try:
            while not self._over.is_set():
                customer.travel(*self._choice())
        except Exception as error:  # whatever it is, the test wants to know of it
            self.told.surprises.append(repr(error))
        finally:
            connections.close_all()

    def _choice(self) -> tuple[Trip, list[str], tuple[str, str], random.Random]:
        """Of the next eight seats, so that several want the same."""
        with self.told.lock:
            luck = random.Random(self._luck.random())
            if luck.random() < 0.7:
                self._wanted.pop(0)
            trip = self._wanted[0][0]
            seats = [seat for of, seat in self._wanted[:8] if of == trip]
        return trip, luck.sample(seats, min(len(seats), luck.choice((1, 1, 2)))), luck.choice(STRETCHES), luck


@dataclass
class Customer:
    """One of them."""

    traveller: Traveller
    sandbox: Sandbox
    told: Told

    def travel(self, trip: Trip, seats: list[str], stretch: tuple[str, str], luck: random.Random) -> None:
        """Hold, pay, be confirmed; or give it up, before or after."""
        key = uuid.uuid4().hex
        held = self._ask(lambda: self.traveller.hold(trip, *seats, stretch=stretch, key=key))
        if held.status_code == 409 and held.json()["code"] == "seat_unavailable":
            return self.told.count("seat taken by another")
        reference = self._expect(held, 201)["reference"]
        if luck.random() < 0.1:
            self._give_up(reference)
            return self.told.count("left unpaid")
        self._pay(reference)
        if luck.random() < 0.25:
            self.told.cancelled[reference] = self._give_up(reference)
            self.told.count("cancelled")
        return None

    def _pay(self, reference: str) -> None:
        payment = self._post(f"bookings/{reference}/payments", {"gateway": "stripe"}, 200, 201)
        self.sandbox.pay(payment["checkout_url"].rpartition("/")[2])
        paid_at = time.monotonic()
        while self._get(f"bookings/{reference}")["status"] != "confirmed":
            if time.monotonic() - paid_at > CALL_IT_A_DAY:
                raise AssertionError(f"{reference} is paid and not confirmed")
            if time.monotonic() - paid_at > IMPATIENCE:
                self._post(f"payments/{payment['id']}/sync", {}, 200)
            time.sleep(ASK_AGAIN)
        self.told.confirmed[reference] = time.time()
        self.told.count("bought")

    def _give_up(self, reference: str) -> int:
        quoted = self._get(f"bookings/{reference}/cancellation")["refund"]
        self._post(f"bookings/{reference}/cancellation", {"expected_refund": quoted}, 200)
        return int(quoted["amount"])

    def _post(self, path: str, body: Any, *expected: int) -> Any:
        key = uuid.uuid4().hex
        return self._expect(self._ask(lambda: self.traveller.post(path, body, key)), *expected)

    def _get(self, path: str) -> Any:
        return self._expect(self._ask(lambda: self.traveller.get(path)), 200)

    def _ask(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        """The first answer that is one, under the same key."""
        began, heard = time.monotonic(), Counter[str]()
        while time.monotonic() - began < CALL_IT_A_DAY:
            try:
                answer = call()
            except httpx.TransportError as error:
                outcome = f"calls with {type(error).__name__}"
            else:
                if answer.status_code < 500 and "idempotency_in_progress" not in answer.text:
                    return answer
                outcome = f"calls answered {answer.status_code}"
                heard[str(answer.request.url)] += 1
            heard[outcome] += 1
            self.told.count(outcome)
            time.sleep(ASK_AGAIN)
        raise AssertionError(f"no answer in {CALL_IT_A_DAY} s, only {heard}")

    def _expect(self, answer: httpx.Response, *statuses: int) -> Any:
        assert answer.status_code in statuses, f"{answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json()
