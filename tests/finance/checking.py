"""The report of check_books, and accidents that the guards do not let happen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
from django.core.management import call_command
from django.utils import timezone
from psycopg import sql

from tests.clock import turned_to
from tests.database import as_owner, flush_as_owner


def report(*options: str) -> tuple[dict[str, Any], int]:
    """What the command prints as JSON, and its exit code; progress goes nowhere."""
    out, code = StringIO(), 0
    try:
        call_command("check_books", "--json", *options, stdout=out, stderr=StringIO())
    except SystemExit as exit_:
        code = exit_.code
    return json.loads(out.getvalue()), code


@contextmanager
def later() -> Iterator[None]:
    """A time after all that a test has done, for those that have turned the clock back since."""
    with turned_to(timezone.now() + timedelta(days=500)):
        yield


def broken(*options: str) -> dict[str, list[str]]:
    """The checks that found something, each with its broken rows as a line."""
    told, code = report(*options)
    assert (code == 0) == told["ok"]
    return {
        one["name"]: [f"{row['subject']}: {row['problem']}" for row in one["broken"]]
        for one in told["checks"]
        if one["broken"]
    }


@contextmanager
def accident() -> Iterator[psycopg.Cursor]:
    """A cursor of the owner in a transaction in which no guard looks, of any table; after it all of them do again."""
    with as_owner() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
        )
        tables = [sql.Identifier(name) for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(
                sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(table), sql.Identifier(name))
            )


@contextmanager
def without_unique(table: str, column: str) -> Iterator[None]:
    """Rows of a table may be the same in a column that is unique. They are all forgotten at the end."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    with as_owner() as cursor:
        cursor.execute(
            "SELECT constraint_name FROM information_schema.table_constraints"
            " JOIN information_schema.constraint_column_usage AS used USING (constraint_name)"
            " WHERE constraint_type = 'UNIQUE' AND used.table_name = %s AND used.column_name = %s",
            [table, column],
        )
        ((name,),) = cursor.fetchall()
        names["name"] = sql.Identifier(name)
        cursor.execute(sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name}").format(**names))
    try:
        yield
    finally:
        flush_as_owner()
        with as_owner() as cursor:
            cursor.execute(sql.SQL("ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({column})").format(**names))
