"""What only the owner of the test database can do."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections
from psycopg import sql

MANY = 2**23  # bytes of one table
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
# A table can be emptied once those are empty whose rows refer to its rows.
_REFERS = """
SELECT DISTINCT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
 WHERE contype = 'f' AND conrelid <> confrelid AND connamespace = 'public'::regnamespace
"""
_GUARDS = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
 WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%s) ORDER BY 1, 2
"""
_SEQUENCES = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"


def flush_as_owner() -> None:
    """Empty every table of ours, with the guards against it switched off for the moment.

    Row by row, and only where there are any: TRUNCATE makes new files for fifty tables and their indexes. Where there
    are very many, that is what takes less time.
    """
    with as_owner() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', pg_relation_size('{table}') WHERE EXISTS (SELECT FROM {table})"
                for table in _emptied()
            )
        )
        sizes = dict(cursor.fetchall())
        are_many = max(sizes.values(), default=0) > MANY
        filled = set(_emptied()) if are_many else sizes.keys()
        emptying = [f"DELETE FROM {table}" for table in _emptied() if table in filled]
        if are_many:
            emptying = [f"TRUNCATE {', '.join(_emptied())}"]
        cursor.execute(_GUARDS, [list(filled)])
        guards = cursor.fetchall()
        guarded = {table for table, _name in guards}
        statements = [
            "SET CONSTRAINTS ALL IMMEDIATE",  # a table is not altered while checks of it are still to come
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in sorted(guarded)),
            *emptying,
            *(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{name}"' for table, name in guards),
            _SEQUENCES,
        ]
        cursor.execute("; ".join(statements))


@cache
def _emptied() -> list[str]:
    """All tables of ours but those that migrations fill, each before those that its rows refer to."""
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(sorted(ours), ()))
    with as_owner() as cursor:
        cursor.execute(_REFERS)
        for table, referred in cursor.fetchall():
            order.add(referred, table)
    return [table for table in order.static_order() if table in ours - KEPT]


def as_owner() -> AbstractContextManager[psycopg.Cursor]:
    """A cursor of the owner, on a connection and in a transaction of its own."""
    return _as("owner")


def as_runtime() -> AbstractContextManager[psycopg.Cursor]:
    """A cursor of the runtime role, past Django, on a connection and in a transaction of its own."""
    return _as("default")


@contextmanager
def _as(alias: str) -> Iterator[psycopg.Cursor]:
    settings = connections[alias].settings_dict
    with (
        psycopg.connect(
            host=settings["HOST"],
            port=settings["PORT"] or 5432,
            user=settings["USER"],
            password=settings["PASSWORD"],
            dbname=settings["NAME"],
        ) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def age_hold(booking, minutes: float = 16) -> None:
    """Let the time of one hold pass, and of nothing else: its end is moved into the past. See also `tests.clock`."""
    with as_owner() as cursor:
        moved = [f"{minutes} minutes", booking.pk]
        cursor.execute(
            "UPDATE bookings_seatclaim SET expires_at = expires_at - %s::interval WHERE booking_id = %s", moved
        )
        cursor.execute(
            "UPDATE bookings_booking SET expires_at = expires_at - %s::interval, created_at = created_at - %s::interval"
            " WHERE id = %s",
            [moved[0], *moved],
        )


def every_row() -> dict[str, list[str]]:
    """Every row of every table, those of libraries included, as text."""
    with as_owner() as owner:
        return rows_seen_by(owner)


def rows_seen_by(cursor: Any) -> dict[str, list[str]]:
    """The same as one connection sees them: in a test that is rolled back nobody else does."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    tables = [table for (table,) in cursor.fetchall()]
    found: dict[str, list[str]] = {table: [] for table in tables}
    each = "SELECT {}, one::text FROM {} one"
    cursor.execute(
        sql.SQL(" UNION ALL ").join(sql.SQL(each).format(sql.Literal(table), sql.Identifier(table)) for table in tables)
        + sql.SQL(" ORDER BY 1, 2")
    )
    for table, row in cursor.fetchall():
        found[table].append(row)
    return found
