"""Everything the sandbox remembers: one SQLite file, one connection, one thread."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]

# The fields that lists filter by, each with an index of its own. A name from this set is put into SQL; no other is.
FILTERS = frozenset(
    {"payment_intent", "charge", "source", "type", "status", "currency", "_payout", "tx_ref", "tx_id", "flw_ref"}
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL,
    due_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, id);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS tries (
    id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
    status INTEGER, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS tries_by_delivery ON tries (delivery);
CREATE TABLE IF NOT EXISTS timers (
    action TEXT NOT NULL, subject TEXT NOT NULL, due_at REAL NOT NULL, PRIMARY KEY (action, subject));
CREATE INDEX IF NOT EXISTS timers_by_time ON timers (due_at);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, request TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, in_flight INTEGER NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, idempotency_key TEXT, status INTEGER NOT NULL, error_code TEXT, replayed INTEGER NOT NULL,
    params TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
""" + "\n".join(
    f"CREATE INDEX IF NOT EXISTS objects_by_{name} ON objects (kind, json_extract(body, '$.{name}'));"
    for name in sorted(FILTERS)
)
TABLES = ("objects", "deliveries", "tries", "timers", "idempotency_keys", "requests", "settings")


class Store:
    """Objects as JSON, and the plain tables of deliveries, timers, idempotency keys and requests.

    Only the event loop's thread may use it (SQLite refuses any other), and no code awaits inside a transaction: so
    there is one writer at a time and nobody ever reads half a change. The file is locked for this process; a second
    sandbox on the same file fails at start.

    In an object, keys on the first level that begin with an underscore are the sandbox's own and never leave it (see
    `public`).
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        self._connection.row_factory = sqlite3.Row
        # NORMAL in WAL mode loses nothing when the process is killed, only when the machine is.
        self._connection.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        )
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another joins it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction: what fails in here is undone, what came before stays."""
        self._connection.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO step")
            raise
        finally:
            self._connection.execute("RELEASE step")

    def run(self, sql: str, *values: Any) -> None:
        self._connection.execute(sql, values)

    def insert(self, table: str, **values: Any) -> int:
        """Add one row. Returns its row id."""
        return self._insert("INSERT", table, values)

    def put(self, table: str, **values: Any) -> None:
        """Add one row, in place of the one with the same primary key if there is one."""
        self._insert("INSERT OR REPLACE", table, values)

    def _insert(self, verb: str, table: str, values: Json) -> int:
        marks = ", ".join("?" for _ in values)
        sql = f"{verb} INTO {table} ({', '.join(values)}) VALUES ({marks})"
        return self._connection.execute(sql, tuple(values.values())).lastrowid or 0

    def rows(self, sql: str, *values: Any) -> list[Json]:
        return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> Json | None:
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def add(self, kind: str, body: Json) -> None:
        self.insert("objects", kind=kind, id=body["id"], created=body["created"], body=json.dumps(body))

    def save(self, body: Json) -> None:
        """Write an object that was added before; `created` does not change."""
        self.run("UPDATE objects SET body = ? WHERE id = ?", json.dumps(body), body["id"])

    def get(self, kind: str, identifier: str) -> Json | None:
        row = self.row("SELECT body FROM objects WHERE id = ? AND kind = ?", identifier, kind)
        return None if row is None else json.loads(row["body"])

    def find(self, identifier: str) -> Json | None:
        """An object of whatever kind."""
        row = self.row("SELECT body FROM objects WHERE id = ?", identifier)
        return None if row is None else json.loads(row["body"])

    def position(self, kind: str, identifier: str) -> int | None:
        """Where an object stands in the order of creation."""
        row = self.row("SELECT seq FROM objects WHERE id = ? AND kind = ?", identifier, kind)
        return None if row is None else int(row["seq"])

    def select(
        self,
        kind: str,
        conditions: Sequence[tuple[str, Any]] = (),
        *,
        newest_first: bool = False,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Json]:
        """Objects in order of creation. A condition is a piece of SQL with one question mark, and its value."""
        where = "".join(f" AND {sql}" for sql, _ in conditions)
        order = "DESC" if newest_first else "ASC"
        found = self._connection.execute(
            f"SELECT body FROM objects WHERE kind = ?{where} ORDER BY seq {order} LIMIT ? OFFSET ?",
            (kind, *(value for _, value in conditions), limit, offset),
        )
        return [json.loads(row["body"]) for row in found]

    def count(self, kind: str, conditions: Sequence[tuple[str, Any]] = ()) -> int:
        """How many objects `select` would find."""
        where = "".join(f" AND {sql}" for sql, _ in conditions)
        row = self.row(
            f"SELECT count(*) AS count FROM objects WHERE kind = ?{where}", kind, *(value for _, value in conditions)
        )
        return 0 if row is None else int(row["count"])

    def setting(self, name: str) -> Any:
        row = self.row("SELECT value FROM settings WHERE name = ?", name)
        return None if row is None else json.loads(row["value"])

    def set_setting(self, name: str, value: Any) -> None:
        self.put("settings", name=name, value=json.dumps(value))

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in TABLES:
                self.run(f"DELETE FROM {table}")


def field_is(name: str, value: Any) -> tuple[str, Any]:
    """The condition that an object's top-level field has this value."""
    if name not in FILTERS:
        raise KeyError(name)
    return f"json_extract(body, '$.{name}') = ?", value


def public(body: Json) -> Json:
    """An object without the sandbox's own keys; a list of objects likewise."""
    if body.get("object") == "list":
        return body | {"data": [public(item) for item in body["data"]]}
    return {key: value for key, value in body.items() if not key.startswith("_")}
