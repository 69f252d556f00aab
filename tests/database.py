"""What only the owner of the test database can do."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
from django.apps import apps
from django.db import connections
from psycopg import sql


def flush_as_owner() -> None:
    """Empty every table of ours, with the guards against it switched off for the moment."""
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    tables = [table for table in tables if table not in kept]
    with as_owner() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
            " AND (tgtype & 32) > 0"  # those that fire on TRUNCATE
        )
        guarded = [name for (name,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        cursor.execute(
            sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables)))
        )
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(
                sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(table), sql.Identifier(name))
            )


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
