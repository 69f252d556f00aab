"""Webhooks on their way: sent in the background, signed, tried again, and every try written down."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import httpx

from sandbox.clock import CLOCK
from sandbox.mode import Mode
from sandbox.store import Json, Store

TRIES = 8
LONGEST_PAUSE = 30  # seconds between two tries
AT_ONCE = 32  # lanes that send side by side
ANSWER_KEPT = 500  # characters of an answer that are written down


class Receiver(Protocol):
    """Where one gateway's events go."""

    kind: str  # of its events in the store
    timeout: float  # seconds for one answer
    url: str

    def message(self, event: Json) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of one try."""

    def is_delivered(self, status: int) -> bool:
        """Whether the receiver's answer ends the tries."""


class Deliveries:
    """The events of one payment share a lane and are sent one after the other, in the order in which they arose; lanes
    run side by side, so a slow answer holds up its own payment only. A failed try goes to the back and blocks nobody.

    A delivery is `pending` (due now or later), `held`, `dropped`, `delivered` or `failed`. A pending one stays pending
    while it is being sent: if the sandbox is killed then, it is sent again, as Stripe would.
    """

    def __init__(self, store: Store, receivers: Sequence[Receiver], mode: Callable[[], Mode]) -> None:
        self._store = store
        self._receivers = receivers
        self._mode = mode
        self._changed = asyncio.Event()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._awaited: dict[str, asyncio.Event] = {}
        self._idle: list[httpx.AsyncClient] = []
        self._tls = ssl.create_default_context()

    def queue(self, event: str, lane: str) -> None:
        """Send the event as the mode of this moment says."""
        mode = self._mode()
        state = {"auto": "pending", "hold": "held", "drop": "dropped"}[mode.delivery]
        due_at = CLOCK.time() + mode.delay_seconds
        for _ in range(mode.copies):
            self._add(event, lane, state, due_at)
        self._changed.set()

    def _add(self, event: str, lane: str, state: str, due_at: float) -> int:
        return self._store.insert("deliveries", event=event, lane=lane, state=state, due_at=due_at)

    async def run(self) -> None:
        """For ever: send what is due."""
        try:
            while True:
                self._changed.clear()
                moment = CLOCK.time()
                self._send_due(moment)
                try:
                    async with asyncio.timeout(self._pause(moment)):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            sending = list(self._lanes.values())
            self.abandon()
            await asyncio.gather(*sending, return_exceptions=True)
            for client in self._idle:
                await client.aclose()

    def _send_due(self, moment: float) -> None:
        due = self._store.rows(
            "SELECT id, event, lane FROM deliveries WHERE state = 'pending' AND due_at <= ? ORDER BY id LIMIT 200",
            moment,
        )
        if self._mode().order == "shuffled":
            random.shuffle(due)
        for delivery in due:
            if len(self._lanes) == AT_ONCE:
                return
            if delivery["lane"] not in self._lanes:
                self._lanes[delivery["lane"]] = asyncio.create_task(self._send_in_lane(delivery))

    def _pause(self, moment: float) -> float | None:
        """Seconds until something becomes due; None if nothing will. What is due now waits for a lane to be free."""
        upcoming = self._store.row(
            "SELECT min(due_at) AS at FROM deliveries WHERE state = 'pending' AND due_at > ?", moment
        )
        return None if upcoming is None or upcoming["at"] is None else max(0, upcoming["at"] - CLOCK.time())

    def look_again(self) -> None:
        """The clock was turned: send what has become due."""
        self._changed.set()

    async def _send_in_lane(self, delivery: Json) -> None:
        try:
            await self._send(delivery["id"], delivery["event"])
        finally:
            # After `abandon` the lane may belong to another task.
            if self._lanes.get(delivery["lane"]) is asyncio.current_task():
                del self._lanes[delivery["lane"]]
            self._changed.set()

    async def _send(self, delivery: int, event: str) -> Json:
        """One try. Returns {event, status, answer}; status is null when no answer came."""
        at, started = CLOCK.time(), time.perf_counter()
        delivered, status, answer = await self._post(event)
        seconds = time.perf_counter() - started
        with self._store.transaction():
            self._write_down(delivery, event, at, seconds, status, answer, delivered=delivered)
        if (waiting := self._awaited.pop(event, None)) is not None:
            waiting.set()
        return {"event": event, "status": status, "answer": answer}

    def find(self, event: str) -> tuple[Receiver, Json] | None:
        """An event of any gateway, and who gets it."""
        for receiver in self._receivers:
            if (found := self._store.get(receiver.kind, event)) is not None:
                return receiver, found
        return None

    async def _post(self, event: str) -> tuple[bool, int | None, str]:
        """Whether it was delivered, and the answer; no status: none came."""
        found = self.find(event)
        if found is None:
            return False, None, "the event was forgotten in a reset"
        receiver, subject = found
        status, answer = await self.post(receiver, *receiver.message(subject))
        return status is not None and receiver.is_delivered(status), status, answer

    async def post(self, receiver: Receiver, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
        """Send anything to a receiver, once. Returns its answer; no status: none came."""
        try:
            async with asyncio.timeout(receiver.timeout):
                with self._client() as client:
                    answer = await client.post(receiver.url, content=body, headers=headers, timeout=receiver.timeout)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return None, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text[:ANSWER_KEPT]

    @contextmanager
    def _client(self) -> Iterator[httpx.AsyncClient]:
        """A client, and with it a connection, for one request at a time.

        One client for all lanes would look through all its connections at every request: four times the work.
        """
        # Whatever proxy the environment names, it is not meant for webhooks to this machine.
        client = self._idle.pop() if self._idle else httpx.AsyncClient(trust_env=False, verify=self._tls)
        try:
            yield client
        finally:
            self._idle.append(client)

    def _write_down(
        self, delivery: int, event: str, at: float, seconds: float, status: int | None, answer: str, *, delivered: bool
    ) -> None:
        row = self._store.row("SELECT state FROM deliveries WHERE id = ?", delivery)
        if row is None:
            return  # everything was reset meanwhile
        self._store.insert("tries", delivery=delivery, at=at, seconds=seconds, status=status, answer=answer)
        if delivered:
            self._store.run("UPDATE deliveries SET state = 'delivered' WHERE id = ?", delivery)
            self._store.run(
                "UPDATE objects SET body = json_set(body, '$.pending_webhooks', 0) WHERE id = ?"
                " AND json_extract(body, '$.pending_webhooks') > 0",
                event,
            )
            return
        tries = len(self._store.rows("SELECT id FROM tries WHERE delivery = ?", delivery))
        state = "failed" if tries >= TRIES or row["state"] == "failed" else "pending"
        pause = min(2 ** (tries - 1), LONGEST_PAUSE)
        self._store.run(
            "UPDATE deliveries SET state = ?, due_at = ? WHERE id = ?", state, CLOCK.time() + pause, delivery
        )

    async def first_answer(self, event: str, timeout: float) -> None:  # noqa: ASYNC109 -- running out is no error here
        """Wait until an event that was queued just now was tried once, but not for ever; not at all if it is held."""
        if self._store.row("SELECT id FROM deliveries WHERE event = ? AND state = 'pending'", event) is None:
            return
        waiting = self._awaited.setdefault(event, asyncio.Event())
        try:
            async with asyncio.timeout(timeout):
                await waiting.wait()
        except TimeoutError:
            return

    async def release(self, order: Sequence[str] = ()) -> list[Json]:
        """Send everything that is held, one after the other: what `order` names first, in that order, then the rest as
        it arose. Returns what came of each; what failed is tried again in the background.
        """
        held = self._store.rows("SELECT id, event FROM deliveries WHERE state = 'held' ORDER BY id")
        place = {event: index for index, event in enumerate(order)}
        held.sort(key=lambda delivery: place.get(delivery["event"], len(place)))
        answers = [await self._send(delivery["id"], delivery["event"]) for delivery in held]
        self._changed.set()
        return answers

    async def send_by_hand(self, event: str, *, times: int, concurrently: bool) -> list[int | None]:
        """Send the event again, whatever became of it before; no try is repeated. Returns the statuses."""
        # Rows that are `failed` until they arrive are left alone by everything else.
        rows = [self._add(event, event, "failed", CLOCK.time()) for _ in range(times)]
        if concurrently:
            answers = await asyncio.gather(*(self._send(row, event) for row in rows))
        else:
            answers = [await self._send(row, event) for row in rows]
        return [answer["status"] for answer in answers]

    async def quiet(self, patience: float) -> bool:
        """Wait until nothing is being sent, for so many seconds at most. Whether nothing is."""
        deadline = time.monotonic() + patience
        while self._lanes and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._lanes.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # the next that is due takes its lane
        return not self._lanes

    def abandon(self) -> None:
        """Call back what is being sent in the background."""
        for task in self._lanes.values():
            task.cancel()
        self._lanes.clear()

    def report(self, events: Sequence[str] | None = None) -> list[Json]:
        """Every delivery with its tries, or those of some events, in order of creation."""
        where = "" if events is None else f" WHERE d.event IN ({', '.join('?' for _ in events)})"
        rows = self._store.rows(
            "SELECT d.id, d.event, json_extract(o.body, '$.type') AS type, d.state, d.due_at,"
            " t.at, t.seconds, t.status, t.answer FROM deliveries d JOIN objects o ON o.id = d.event"
            f" LEFT JOIN tries t ON t.delivery = d.id{where} ORDER BY d.id, t.id",
            *(events or ()),
        )
        found: dict[int, Json] = {}
        for row in rows:
            delivery = {name: row[name] for name in ("event", "type", "state", "due_at")} | {"tries": []}
            delivery = found.setdefault(row["id"], delivery)
            if row["at"] is not None:
                delivery["tries"].append({name: row[name] for name in ("at", "seconds", "status", "answer")})
        return list(found.values())
