"""The clock, turned by the owner of the test database; Python's and the sandbox's are turned with it.

Processes that a test starts judge by the same `berth_now()`, but keep a Python clock of their own, which stays real.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import time_machine
from django.db import connections

from tests.database import as_owner
from tests.services import Sandbox

_turned: list["Clock"] = []  # one within the other

_FUNCTION = "CREATE OR REPLACE FUNCTION berth_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE"


class Clock:
    """The clock while it is turned. `ticking` or standing still; the sandbox's always ticks."""

    def __init__(
        self, owner: psycopg.Cursor, python: time_machine.Traveller, sandbox: Sandbox | None, *, ticking: bool
    ) -> None:
        self._owner = owner
        self._python = python
        self._sandbox = sandbox
        self._ticking = ticking
        self._moment, self._ahead = datetime.now(UTC), timedelta()

    def move_to(self, moment: datetime) -> None:
        """From now on it is so late, or so early; on the sandbox what is due happens before this returns."""
        self._moment, self._ahead = moment.astimezone(UTC), moment - _really_now()
        self.turn()

    def move_by(self, duration: timedelta) -> None:
        """So much time passes at once."""
        self.move_to(datetime.now(UTC) + duration)

    def turn(self) -> None:
        """Turn all clocks as this one is turned."""
        microseconds = self._ahead // timedelta(microseconds=1)
        reading = f"clock_timestamp() + interval '{microseconds} microseconds'"
        if not self._ticking:
            reading = f"timestamptz '{self._moment.isoformat()}'"
        # A literal: PostgreSQL puts it in the place of each call as it does with the real body.
        self._owner.execute(f"{_FUNCTION} BEGIN ATOMIC SELECT {reading}; END")
        look_again()
        if self._sandbox:
            self._sandbox.turn_clock((_really_now() + self._ahead).timestamp())
        self._python.move_to(_really_now() + self._ahead if self._ticking else self._moment, tick=self._ticking)
        datetime.now(UTC)  # it ticks from the first look at it


@contextmanager
def turned_to(moment: datetime, sandbox: Sandbox | None = None, *, ticking: bool = True) -> Iterator[Clock]:
    """Turn the clock, and the sandbox's if one is given, and back at the end; one within the other is fine.

    Goes with tests that are rolled back, too: the owner's change is committed on a connection of its own, and what is
    turned is the function, not the rows.
    """
    with as_owner() as owner, time_machine.travel(_really_now()) as python:
        owner.connection.autocommit = True
        owner.execute("SELECT pg_get_functiondef('berth_now()'::regprocedure)")
        ((found,),) = owner.fetchall()
        clock = Clock(owner, python, sandbox, ticking=ticking)
        _turned.append(clock)
        try:
            clock.move_to(moment)
            yield clock
        finally:
            _turned.remove(clock)
            with as_owner() as again:  # the connection that turned it may have been lost
                again.execute(found)
            look_again()
            if sandbox:
                sandbox.turn_clock(None)
    if _turned:
        _turned[-1].turn()


def look_again() -> None:
    """Let the transactions that are open here notice that the owner has replaced a function.

    PostgreSQL looks whether something was changed whenever it locks a table. A transaction that has locked its tables
    already would go by the old function; reading a size takes a lock that is given back, so it is a new one each time.
    """
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_relation_size('pg_catalog.pg_largeobject')")


def _really_now() -> datetime:
    if time_machine.escape_hatch.is_travelling():
        return time_machine.escape_hatch.datetime.datetime.now(UTC)
    return datetime.now(UTC)
