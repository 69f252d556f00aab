"""Things that happen by themselves at a time: kept in the store, so a restart forgets none."""

import asyncio
import logging
from collections.abc import Callable

from sandbox.clock import CLOCK
from sandbox.store import Store

logger = logging.getLogger("sandbox.timers")


class Timers:
    """One timer per action and subject. What is overdue after a restart runs at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._actions: dict[str, Callable[[str], None]] = {}
        self._changed = asyncio.Event()

    def on(self, action: str, function: Callable[[str], None]) -> None:
        self._actions[action] = function

    def set(self, action: str, subject: str, due_at: float) -> None:
        """Run the action for the subject at `due_at` (Unix seconds), and no longer at the time set before."""
        self._store.put("timers", action=action, subject=subject, due_at=due_at)
        self._changed.set()

    def cancel(self, action: str, subject: str) -> None:
        self._store.run("DELETE FROM timers WHERE action = ? AND subject = ?", action, subject)

    async def run(self) -> None:
        """For ever: sleep until the next timer is due or a timer changes."""
        while True:
            self._changed.clear()
            self._fire_due()
            upcoming = self._store.row("SELECT min(due_at) AS at FROM timers")
            pause = None if upcoming is None or upcoming["at"] is None else max(0, upcoming["at"] - CLOCK.time())
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def look_again(self) -> None:
        """The clock was turned: what has become due runs before this returns."""
        self._fire_due()
        self._changed.set()

    def _fire_due(self) -> None:
        for timer in self._store.rows("SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at", CLOCK.time()):
            # An action that fails must neither stop the clock nor be tried for ever: it is logged and gone.
            try:
                with self._store.transaction():
                    self._actions[timer["action"]](timer["subject"])
            except Exception:
                logger.exception("timer %s of %s failed", timer["action"], timer["subject"])
            # Unless the action set the same timer anew.
            done = (timer["action"], timer["subject"], timer["due_at"])
            self._store.run("DELETE FROM timers WHERE action = ? AND subject = ? AND due_at = ?", *done)
